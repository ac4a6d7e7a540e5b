import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import { noObjectStore } from '../../src/adapters/no-object-store.ts';
import { inspectCompoundFile } from '../../src/documents/content/cfb.ts';
import { inspectZip } from '../../src/documents/content/zip.ts';
import { storedFile } from '../../src/documents/stored-file.ts';
import { zipOf } from '../support/builders/files.ts';

const mebibyte = 1024 * 1024;

/** A store with these bytes that counts how many are read. */
function storeOf(bytes: Buffer) {
  const counted = { read: 0, store: { ...noObjectStore } };
  counted.store.get = (_key, range) => {
    const part = range ? bytes.subarray(range.start, range.end + 1) : bytes;
    counted.read += part.length;
    return Promise.resolve({ stream: Readable.from([part]), size: part.length });
  };
  return counted;
}

describe('storedFile', () => {
  it('reads the object about once when the file is well-formed', async () => {
    const bytes = zipOf(
      Array.from({ length: 24 }, (_, index) => ({ name: `${index}.bin`, data: randomBytes(mebibyte) })),
    );
    const counted = storeOf(bytes);
    expect(await inspectZip(storedFile(counted.store, 'x', bytes.length))).to.equal('zip');
    expect(counted.read).to.be.at.most(bytes.length + 8 * mebibyte);
  });

  it('refuses endless reads when the directory’s offsets jump back and forth', async () => {
    const bytes = leapingCompoundFile(24 * mebibyte);
    const counted = storeOf(bytes);
    const outcome = await inspectCompoundFile(storedFile(counted.store, 'x', bytes.length)).catch(
      (error: unknown) => error,
    );
    expect(outcome).to.include({ fault: 'broken' });
    expect(counted.read).to.be.at.most(2 * bytes.length + 64 * mebibyte);
  });
});

/** A file whose directory jumps to another part of the file with each sector of 4 kB. */
function leapingCompoundFile(size: number): Buffer {
  const sectorBytes = 4096;
  const file = Buffer.alloc(size);
  Buffer.from('d0cf11e0a1b11ae1', 'hex').copy(file);
  file.writeUInt16LE(4, 26);
  file.writeUInt16LE(12, 30);
  file.fill(0xff, 76, 512);
  const sectors = size / sectorBytes - 1;
  const tables = Math.ceil(sectors / (sectorBytes / 4));
  for (let table = 0; table < tables; table += 1) file.writeUInt32LE(table, 76 + table * 4);
  const place = (leap: number) => 1_024 * (1 + (leap % 5)) + Math.floor(leap / 5);
  file.writeUInt32LE(place(0), 48);
  for (let leap = 0; leap < 2_000; leap += 1)
    file.writeUInt32LE(place(leap + 1), sectorBytes + place(leap) * 4);
  return file;
}
