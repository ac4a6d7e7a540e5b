import { randomBytes, randomInt } from 'node:crypto';
import { referenceLetters as letters } from '../lib/reference.ts';
import type { Ids } from '../ports/ids.ts';

export const systemIds: Ids = {
  uuid: () => uuidv7(Date.now()),
  reference: () => `EX-${Array.from({ length: 6 }, () => letters[randomInt(letters.length)]).join('')}`,
};

/** RFC 9562, version 7: 48 bits of milliseconds, then random bits. */
function uuidv7(now: number): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
