import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { createDigest, chunkBytes } from '../../src/documents/content/hashes.ts';
import { inspectMp4 } from '../../src/documents/content/mp4.ts';
import { ContentRefused, type RandomAccess } from '../../src/documents/content/content.ts';
import { inspectZip } from '../../src/documents/content/zip.ts';
import { createTextCheck } from '../../src/documents/content/text.ts';
import { allKinds, documentKinds, type DocumentKind } from '../../src/documents/content/kinds.ts';
import {
  compoundFile,
  executable,
  installer,
  lyingZipBomb,
  macroDocument,
  mp4,
  mp4OfBoxes,
  overlappingZip,
  pdf,
  protectedDocument,
  samples,
  zipBomb,
  zipOf,
} from '../support/builders/files.ts';
import { inMemory, look } from '../support/inspect-content.ts';

describe('createInspection', () => {
  for (const kind of allKinds) {
    it(`recognises ${kind} with each of its extensions and without one`, async () => {
      for (const extension of [...documentKinds[kind].extensions, null]) {
        const seen = await look(samples[kind], extension);
        expect(seen.kind ?? seen.fault, String(extension)).to.equal(kind);
        expect(seen.out.equals(samples[kind])).to.equal(true);
      }
    });
  }

  it('refuses each kind with the extension of another', async () => {
    for (const kind of allKinds) {
      // A mail is also text, and a letter may begin like a mail, so with .txt it is accepted as text.
      const others = allKinds.filter((one) => one !== kind && !(kind === 'eml' && one === 'txt'));
      for (const other of others) {
        const { fault } = await look(samples[kind], documentKinds[other].extensions[0]);
        // RTF and some PDFs are plain text, too: harmless with .txt, but refused.
        expect(fault, `${kind} as ${other}`).to.be.oneOf(['name_mismatch', 'unsupported_type']);
      }
    }
  });

  it('recognises a mail only when it begins with mail header fields', async () => {
    const mail = samples.eml;
    for (const pieces of [1, 7, 5_000]) expect((await look(mail, 'eml', {}, pieces)).kind).to.equal('eml');
    const long = Buffer.from(
      `Received: by mx.example\n${'X-Trace: 0\n'.repeat(900)}From: a@b.example\n\nHello`,
    );
    const other = Buffer.from(
      `Return-Path: <a@b.example>\nReceived: by mx\n${'X-Trace: 0\n'.repeat(900)}\nHello`,
    );
    expect((await look(other, 'eml')).kind).to.equal('eml');
    expect((await look(long, 'eml')).fault).to.equal('unsupported_type');
    expect((await look(Buffer.from('From: me\nDate: today\n\nA memo'), 'txt')).kind).to.equal('txt');
    expect((await look(Buffer.from('Dear Ann,\nFrom: me\nDate: today'), 'eml')).fault).to.equal(
      'unsupported_type',
    );
    expect((await look(Buffer.concat([mail, Buffer.alloc(3)]), 'eml')).fault).to.equal('unsupported_type');
    expect((await look(executable, 'eml')).fault).to.equal('unsupported_type');
    // When mails are not accepted, a mail without an extension is text.
    const accepted = allKinds.filter((kind) => kind !== 'eml');
    expect((await look(mail, null, { accepted })).kind).to.equal('txt');
    expect((await look(mail, 'eml', { accepted })).fault).to.equal('unsupported_type');
  });

  it('accepts only the configured kinds', async () => {
    const accepted: DocumentKind[] = ['pdf', 'docx'];
    expect((await look(samples.pdf, 'pdf', { accepted })).kind).to.equal('pdf');
    expect((await look(samples.docx, 'docx', { accepted })).kind).to.equal('docx');
    for (const kind of ['png', 'zip', 'xlsx', 'doc', 'txt'] as const) {
      const { fault } = await look(samples[kind], documentKinds[kind].extensions[0], { accepted });
      expect(fault, kind).to.be.oneOf(['unsupported_type', 'name_mismatch']);
    }
  });

  it('refuses a program by its first bytes, whatever its name', async () => {
    const long = Buffer.concat([executable, Buffer.alloc(3_000_000)]);
    for (const extension of ['pdf', 'exe', 'docx', 'txt', null]) {
      const seen = await look(long, extension);
      expect(seen.fault, String(extension)).to.equal('unsupported_type');
      expect(seen.out).to.have.length(0);
    }
    expect((await look(installer, 'doc')).fault).to.equal('unsupported_type');
  });

  it('refuses an empty file, and one that is a byte too long while it arrives', async () => {
    expect((await look(Buffer.alloc(0), 'pdf')).fault).to.equal('empty');
    expect((await look(pdf(50_000), 'pdf', { maxBytes: 50_000 })).kind).to.equal('pdf');
    const seen = await look(pdf(5_000_001), 'pdf', { maxBytes: 50_000 });
    expect(seen.fault).to.equal('too_large');
    expect(seen.out.length).to.be.at.most(50_000);
  });

  it('refuses a ZIP bomb by its declared and by its real sizes', async () => {
    for (const bomb of [zipBomb(), lyingZipBomb(), overlappingZip()]) {
      for (const extension of ['docx', 'zip']) {
        expect((await look(bomb, extension, {}, 64_000)).fault).to.equal('zip_bomb');
      }
    }
  });

  it('refuses a ZIP before it reads megabytes of comments in its directory', async () => {
    const zipWithLongDirectory = (entries: number) =>
      zipOf(
        Array.from({ length: entries }, (_, index) => ({
          name: `${index}.txt`,
          data: Buffer.from('x'),
          comment: Buffer.alloc(60_000, 0xe9),
        })),
      );
    expect((await look(zipWithLongDirectory(100), 'zip', {}, 64_000)).kind).to.equal('zip');
    const heap = process.memoryUsage().heapUsed;
    const bytes = zipWithLongDirectory(400);
    let read = 0;
    const counted: RandomAccess = {
      size: bytes.length,
      read(start, length) {
        read += length;
        return Promise.resolve(bytes.subarray(start, start + length));
      },
    };
    const refused = await inspectZip(counted).catch((error: unknown) => error);
    expect(refused).to.include({ fault: 'zip_bomb' });
    expect(read).to.be.below(10_000_000);
    expect(process.memoryUsage().heapUsed - heap).to.be.below(100_000_000);
  });

  it('accepts a ZIP with a high but reasonable ratio', async () => {
    const letters = zipOf([
      { name: 'long.txt', data: Buffer.alloc(9 * 1024 * 1024, 'All work and no play. ') },
    ]);
    expect((await look(letters, 'zip')).kind).to.equal('zip');
  });

  it('refuses a ZIP with a password, a cut end or an unknown compression', async () => {
    expect((await look(protectedDocument, 'doc')).fault).to.equal('encrypted');
    const locked = zipOf([{ name: 'a.txt', data: Buffer.from('a'), encrypted: true }]);
    expect((await look(locked, 'zip')).fault).to.equal('encrypted');
    expect((await look(samples.docx.subarray(0, -30), 'docx')).fault).to.equal('broken');
    expect((await look(samples.doc.subarray(0, 600), 'doc')).fault).to.equal('broken');
    const odd = Buffer.from(samples.zip);
    odd.writeUInt16LE(97, odd.indexOf('PK\x01\x02', 0, 'latin1') + 10);
    expect((await look(odd, 'zip')).fault).to.equal('odd_packing');
  });

  it('refuses macros', async () => {
    expect((await look(macroDocument, 'docx')).fault).to.equal('macros');
  });

  it('follows the sector table of a compound file with a long directory', async () => {
    const many = Array.from({ length: 60 }, (_, index) => `Stream ${index}`);
    expect((await look(compoundFile(...many, 'WordDocument'), 'doc')).kind).to.equal('doc');
    // The directory's chain of sectors is cyclic.
    const circle = compoundFile('x');
    circle.writeUInt32LE(1, 512 + 4);
    expect((await look(circle, 'doc')).fault).to.equal('broken');
  });

  it('accepts phones’ sound recordings in any ISO media format, and refuses videos', async () => {
    for (const brand of ['mp42', 'isom', '3gp4', '3g2a', 'M4A ']) {
      for (const extension of ['m4a', null])
        expect((await look(mp4(brand, 'soun'), extension)).kind, brand).to.equal('m4a');
    }
    for (const brand of ['mp42', 'isom', '3gp4']) {
      expect((await look(mp4(brand, 'soun'), 'mp4')).fault, brand).to.equal('unsupported_type');
      expect((await look(mp4(brand, 'soun'), 'pdf')).fault, brand).to.equal('unsupported_type');
      for (const handlers of [['vide'], ['soun', 'vide'], ['soun', 'text'], []])
        expect((await look(mp4(brand, ...handlers), 'm4a')).fault, brand).to.equal('unsupported_type');
      expect((await look(mp4(brand, 'soun').subarray(0, -10), 'm4a')).fault, 'cut').to.equal('broken');
      expect((await look(mp4(brand, 'soun').subarray(0, 5_000), 'm4a')).fault, 'cut').to.equal('broken');
    }
    const accepted: DocumentKind[] = ['pdf'];
    expect((await look(mp4('mp42', 'soun'), 'm4a', { accepted })).fault).to.equal('unsupported_type');
    // Boxes of length zero, and more boxes than the limit.
    const endless = Buffer.concat([
      mp4('mp42').subarray(0, 20),
      Buffer.alloc(80_000, Buffer.from('\0\0\0\x08free')),
    ]);
    expect((await look(endless, 'm4a')).fault).to.equal('broken');
    expect(
      (await look(Buffer.concat([mp4('mp42').subarray(0, 20), Buffer.from('\0\0\0\x04free')]), 'm4a')).fault,
    ).to.equal('broken');
  });

  it('reads thousands of boxes anywhere in a recording without blocking the event loop', async () => {
    expect(await inspectMp4(inMemory(mp4OfBoxes(40, 100)))).to.equal('m4a');
    const stored = inMemory(mp4OfBoxes(900, 900));
    let [reads, hasYielded] = [0, false];
    const counted: RandomAccess = {
      size: stored.size,
      read(start, length) {
        reads += 1;
        return stored.read(start, length);
      },
    };
    setImmediate(() => (hasYielded = true));
    const refused = await inspectMp4(counted).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(ContentRefused).and.include({ fault: 'broken' });
    expect(reads).to.be.at.most(6_000);
    expect(hasYielded).to.equal(true);
  });

  it('counts and hashes the whole and each chunk, however the bytes arrive', async () => {
    const bytes = pdf(2 * chunkBytes + 12_345);
    for (const pieceBytes of [1_000, 65_536, chunkBytes, bytes.length]) {
      const { digest } = await look(bytes, 'pdf', {}, pieceBytes);
      expect(digest?.sizeBytes).to.equal(bytes.length);
      expect(digest?.sha256).to.equal(sha256(bytes).toString('hex'));
      const pieces = [0, 1, 2].map((n) => sha256(bytes.subarray(n * chunkBytes, (n + 1) * chunkBytes)));
      expect(digest?.chunkSha256.equals(Buffer.concat(pieces))).to.equal(true);
    }
    const exact = createDigest();
    exact.update(Buffer.alloc(chunkBytes));
    expect(exact.end().chunkSha256).to.have.length(32);
  });
});

describe('createTextCheck', () => {
  const isText = (bytes: Buffer, pieceBytes = 3): boolean => {
    const check = createTextCheck();
    for (let at = 0; at < bytes.length; at += pieceBytes) check.update(bytes.subarray(at, at + pieceBytes));
    return check.isText();
  };

  it('accepts UTF-8 cut within a character, UTF-16 with a byte order mark, and Windows-1252', () => {
    expect(isText(Buffer.from('Grüße, 日本 😀\n\tend', 'utf8'))).to.equal(true);
    expect(isText(Buffer.from('\ufeffGrüße\r\n', 'utf16le'), 5)).to.equal(true);
    expect(isText(Buffer.from('Caf\xe9 \x93quoted\x94', 'latin1'))).to.equal(true);
    expect(isText(Buffer.from('BMW, rear bumper, and MZ'))).to.equal(true);
  });

  it('accepts Ctrl-Z only at the end, however the bytes arrive', () => {
    const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le');
    for (const size of [2, 3, 64]) {
      for (const text of ['Report\r\n\x1a', 'Report\x1a\x1a\x1a']) {
        expect(isText(Buffer.from(text), size), `UTF-8, ${size}`).to.equal(true);
        expect(isText(utf16(text), size), `UTF-16, ${size}`).to.equal(true);
      }
      for (const text of ['Report\x1a\r\n', 'Rep\x1aort', '\x1a\x1aReport', 'Report\x1a\x00']) {
        expect(isText(Buffer.from(text), size), `UTF-8, ${size}`).to.equal(false);
        expect(isText(utf16(text), size), `UTF-16, ${size}`).to.equal(false);
      }
    }
  });

  it('refuses control characters and bytes that are no character', () => {
    expect(isText(Buffer.from('before\0after'))).to.equal(false);
    expect(isText(Buffer.from('\x1b[31mred'))).to.equal(false);
    expect(isText(Buffer.from([0x41, 0xe9, 0x81, 0x41]))).to.equal(false);
    expect(isText(Buffer.from([0xff, 0xfe, 0x41, 0x00, 0x00, 0x00]), 6)).to.equal(false);
    expect(isText(Buffer.from('whole, then cut \xe2\x82', 'latin1'))).to.equal(true);
  });
});

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
