import { randomInt, randomUUID } from 'node:crypto';
import { referenceLetters as letters } from '../lib/reference.ts';
import type { Ids } from '../ports/ids.ts';

export const systemIds: Ids = {
  uuid: () => uuidv7(Date.now()),
  reference: () => `EX-${Array.from({ length: 6 }, () => letters[randomInt(letters.length)]).join('')}`,
};

/** RFC 9562, version 7: 48 bits of milliseconds, then the random bits of version 4, which node:crypto keeps in store. */
function uuidv7(now: number): string {
  const time = now.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
