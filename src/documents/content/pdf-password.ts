// Whether a PDF opens without a password. Many are encrypted only to forbid printing or changes: their user password is
// empty, and every reader opens them. ISO 32000-2, 7.6.
import { createCipheriv } from 'node:crypto';
import { hashOf } from './hashes.ts';
import { createRc4 } from './rc4.ts';
import { isName, type PdfDictionary } from './pdf-syntax.ts';

/** Passwords of fewer than 32 bytes are filled up with these bytes, so alone they stand for the empty password. */
const padding = Buffer.from('28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a', 'hex');

/**
 * @param encrypt the encryption dictionary
 * @param fileId the first string of the trailer's ID
 */
export function opensWithoutPassword(encrypt: PdfDictionary, fileId: Buffer): boolean {
  // Other security handlers open files with certificates or by asking a rights server.
  const filter = encrypt.get('Filter');
  if (!isName(filter) || filter.name !== 'Standard') return false;
  if (leavesContentPlain(encrypt)) return true;
  const revision = numberOf(encrypt, 'R');
  if (revision === 2 || revision === 3 || revision === 4) return hasEmptyPassword(encrypt, revision, fileId);
  return (revision === 5 || revision === 6) && hasEmptyLongPassword(encrypt, revision);
}

/** From V4 on attachments alone may be encrypted: the document's own strings and streams are then not. */
function leavesContentPlain(encrypt: PdfDictionary): boolean {
  const isPlain = (key: string) => {
    const filter = encrypt.get(key);
    return filter === undefined || (isName(filter) && filter.name === 'Identity');
  };
  return numberOf(encrypt, 'V') >= 4 && isPlain('StmF') && isPlain('StrF');
}

/** Algorithms 4 to 6: RC4 and AES-128. */
function hasEmptyPassword(encrypt: PdfDictionary, revision: 2 | 3 | 4, fileId: Buffer): boolean {
  const user = bytesOf(encrypt, 'U');
  const key = fileKey(encrypt, revision, fileId);
  if (revision === 2) return createRc4(key)(padding).equals(user);
  let expected = hashOf('md5', padding, fileId);
  for (let round = 0; round < 20; round += 1) {
    expected = createRc4(key.map((byte) => byte ^ round))(expected);
  }
  return expected.equals(user.subarray(0, 16));
}

/** Algorithm 2, for the empty password. */
function fileKey(encrypt: PdfDictionary, revision: 2 | 3 | 4, fileId: Buffer): Buffer {
  const length = revision === 2 ? 5 : revision === 4 ? 16 : numberOf(encrypt, 'Length', 40) / 8;
  const permissions = Buffer.alloc(4);
  permissions.writeInt32LE(numberOf(encrypt, 'P') | 0);
  const parts = [padding, bytesOf(encrypt, 'O').subarray(0, 32), permissions, fileId];
  if (revision === 4 && encrypt.get('EncryptMetadata') === false) parts.push(Buffer.alloc(4, 0xff));
  let hash = hashOf('md5', ...parts);
  if (revision > 2)
    for (let round = 0; round < 50; round += 1) hash = hashOf('md5', hash.subarray(0, length));
  return hash.subarray(0, length);
}

/** Algorithms 11 and 12: AES-256. Readers try the owner's password, too. */
function hasEmptyLongPassword(encrypt: PdfDictionary, revision: 5 | 6): boolean {
  const user = bytesOf(encrypt, 'U').subarray(0, 48);
  const owner = bytesOf(encrypt, 'O').subarray(0, 48);
  const isValid = (known: Buffer, more: Buffer) =>
    known.length === 48 &&
    (revision === 5
      ? hashOf('sha256', known.subarray(32, 40), more)
      : hardened(known.subarray(32, 40), more)
    ).equals(known.subarray(0, 32));
  return isValid(user, Buffer.alloc(0)) || isValid(owner, user);
}

/** Algorithm 2.B, for the empty password. */
function hardened(salt: Buffer, user: Buffer): Buffer {
  let key = hashOf('sha256', salt, user);
  let last = 0;
  for (let round = 0; round < 64 || last > round - 32; round += 1) {
    const cipher = createCipheriv('aes-128-cbc', key.subarray(0, 16), key.subarray(16, 32)).setAutoPadding(
      false,
    );
    const block = cipher.update(Buffer.concat(Array<Buffer[]>(64).fill([key, user]).flat()));
    const remainder = block.subarray(0, 16).reduce((sum, byte) => sum + byte, 0) % 3;
    key = hashOf((['sha256', 'sha384', 'sha512'] as const)[remainder] ?? 'sha256', block);
    last = block.at(-1) ?? 0;
  }
  return key.subarray(0, 32);
}

function numberOf(dictionary: PdfDictionary, key: string, otherwise = 0): number {
  const value = dictionary.get(key);
  return typeof value === 'number' ? value : otherwise;
}

function bytesOf(dictionary: PdfDictionary, key: string): Buffer {
  const value = dictionary.get(key);
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}
