// Letters and workbooks of old Office with and without a password. The values of FilePass are real: those for RC4 were
// computed apart from the code under test.
import { compoundFileOf } from './files.ts';

/** The stream is padded as Word and Excel pad it, or short, as other programs write it. */
export type StreamLength = 'long' | 'short';

export function oldLetter(isLocked: boolean): Buffer {
  const stream = Buffer.alloc(4_096);
  stream.writeUInt16LE(0xa5ec, 0);
  stream.writeUInt16LE(isLocked ? 0x0100 : 0, 10);
  return compoundFileOf('WordDocument', stream);
}

const begin = Buffer.from('0908100000060500f20f cd07c100010006040000'.replace(' ', ''), 'hex');

/** A workbook whose second record is FilePass with this value; null: none. */
export function oldWorkbook(filePass: string | null, length: StreamLength = 'long'): Buffer {
  const value = Buffer.from(filePass ?? '', 'hex');
  const head = Buffer.from('2f000000', 'hex');
  head.writeUInt16LE(value.length, 2);
  const records = [begin, ...(filePass === null ? [] : [head, value]), Buffer.from('e1000200b004', 'hex')];
  const stream = Buffer.concat(records);
  return compoundFileOf(
    'Workbook',
    length === 'long' ? Buffer.concat([stream, Buffer.alloc(4_096)]) : stream,
  );
}

const salt = '000102030405060708090a0b0c0d0e0f';
const rc4 = (verifier: string) => `010001000100${salt}${verifier}`;
const cryptoApi = (keyBits: string, verifier: string, hash: string) =>
  '010004000200040000002800000004000000000000000168000004800000' +
  `${keyBits}00000100000000000000000000005200430034000000` +
  `10000000${salt}${verifier}14000000${hash}`;

/** By method: opened by Excel itself, and with a password. */
export const filePasses: Record<string, { open: string; locked: string }> = {
  'obfuscation of Excel 95': { open: '59b30a9a', locked: '4a511acc' },
  obfuscation: { open: '000059b30a9a', locked: '00004a511acc' },
  RC4: {
    open: rc4('01fd4e05dc6e0e72fcc4b72175686883ded643a3b989170bc6e163b5debaf714'),
    locked: rc4('73360b0e6b1c8bb7062eac0efc6e8d32ad1f3c4ac50aa944fd6710f019303467'),
  },
  'RC4 by CryptoAPI, 40 bits': {
    open: cryptoApi('2800', 'c872728f14b55d849b7dde3f7cfd96a7', 'd5e6c96d597b070d79bf31b1599eddf2ece8d44b'),
    locked: cryptoApi('2800', 'b56807ef991a0ee7884cb9b33daa8f3b', '5fdda7a1a7e55db1e09bf75121e9e44d2a4fc1c9'),
  },
  'RC4 by CryptoAPI, 128 bits': {
    open: cryptoApi('8000', 'a024a295d910dcd16b2b69c9dfef1919', '74a70eb0e7278136e857318b9e9a13d19115d50b'),
    locked: cryptoApi('8000', '3cd35d0564d590b1798bf7726881292b', '9cd69561263a088f934ced7dd5129df64a4f008d'),
  },
};
