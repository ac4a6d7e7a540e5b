// Whether old Word and Excel files need a password. The beginning of a stream is never encrypted, and tells it.
import { hashOf } from './hashes.ts';
import { createRc4 } from './rc4.ts';

/** [MS-DOC] 2.5.2: the flag fEncrypted of the file information block, with which the stream WordDocument begins. */
export function isLockedLetter(stream: Buffer): boolean {
  return stream.length >= 12 && (stream.readUInt16LE(10) & 0x0100) !== 0;
}

const beginOfFile = 0x0809;
const filePass = 0x002f;
/**
 * Excel encrypts workbooks whose structure is protected with this password, and tries it before it asks for another
 * ([MS-OFFCRYPTO] 2.4.2.3).
 */
const openPassword = 'VelvetSweatshop';

/** Whether the stream Workbook or Book has a record FilePass ([MS-XLS] 2.4.117) that Excel cannot open by itself. */
export function isLockedWorkbook(stream: Buffer): boolean {
  for (let at = 0; at + 4 <= stream.length; ) {
    const type = stream.readUInt16LE(at);
    const record = stream.subarray(at + 4, at + 4 + stream.readUInt16LE(at + 2));
    if (type === filePass) return !opensByDefault(record);
    if (at === 0 && type !== beginOfFile) return false;
    at += 4 + record.length;
  }
  return false;
}

function opensByDefault(record: Buffer): boolean {
  // Before Excel 97 the content is only obfuscated, with a key and a check value.
  if (record.length === 4) return record.readUInt16LE(2) === obfuscationCheck(openPassword);
  if (record.length < 6) return false;
  if (record.readUInt16LE(0) === 0) return record.readUInt16LE(4) === obfuscationCheck(openPassword);
  const [major, minor] = [record.readUInt16LE(2), record.readUInt16LE(4)];
  if (major === 1 && minor === 1) return hasRc4Password(record.subarray(6));
  return minor === 2 && hasCryptoApiPassword(record.subarray(6));
}

/** [MS-OFFCRYPTO] 2.3.7.1 */
function obfuscationCheck(password: string): number {
  const bytes = [password.length, ...Buffer.from(password, 'latin1')].reverse();
  let check = 0;
  for (const byte of bytes) check = (((check >> 14) & 1) | ((check << 1) & 0x7fff)) ^ byte;
  return check ^ 0xce4b;
}

/** [MS-OFFCRYPTO] 2.3.6: a salt, then the verifier and its hash, encrypted. */
function hasRc4Password(facts: Buffer): boolean {
  if (facts.length < 48) return false;
  const [salt, encrypted] = [facts.subarray(0, 16), facts.subarray(16, 48)];
  const start = hashOf('md5', Buffer.from(openPassword, 'utf16le')).subarray(0, 5);
  const salted = hashOf('md5', ...Array.from({ length: 16 }, () => Buffer.concat([start, salt]))).subarray(
    0,
    5,
  );
  const plain = createRc4(hashOf('md5', salted, Buffer.alloc(4)))(encrypted);
  return hashOf('md5', plain.subarray(0, 16)).equals(plain.subarray(16));
}

/** [MS-OFFCRYPTO] 2.3.5: a header, then a salt, the verifier and its hash. */
function hasCryptoApiPassword(facts: Buffer): boolean {
  if (facts.length < 28) return false;
  const keyBytes = (facts.readUInt32LE(8 + 16) || 40) / 8;
  const verifier = facts.subarray(8 + facts.readUInt32LE(4));
  if (verifier.length < 60) return false;
  const salt = verifier.subarray(4, 20);
  const encrypted = Buffer.concat([verifier.subarray(20, 36), verifier.subarray(40, 60)]);
  const start = hashOf('sha1', salt, Buffer.from(openPassword, 'utf16le'));
  const key = hashOf('sha1', start, Buffer.alloc(4)).subarray(0, keyBytes);
  // Keys of 40 bits are used as keys of 128 bits that end with zeros.
  const plain = createRc4(keyBytes === 5 ? Buffer.concat([key, Buffer.alloc(11)]) : key)(encrypted);
  return hashOf('sha1', plain.subarray(0, 16)).equals(plain.subarray(16));
}
