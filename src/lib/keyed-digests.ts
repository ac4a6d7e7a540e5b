// Digests over what people typed or sent are stored keyed. Without a key, whoever reads the database could find out by
// trying which birthday, phone number or address a digest belongs to. The keys are ENCRYPTION_KEYS. Earlier keys must stay
// in that list: a digest that no key recognises makes an answer look changed.
import { createHmac, type KeyObject } from 'node:crypto';
import type { Keyring } from './keyring.ts';
import { derivedKey } from './secret-ring.ts';

export interface KeyedDigests {
  /** What is stored: the key's id and an HMAC. */
  of(content: string): string;
  /** Whether the stored digest is that of the content. Accepts digests without a key, which versions before 0.3 stored. */
  isOf(stored: string | null, content: string): boolean;
  /** All digests under which the content may be stored, for a search. */
  all(content: string): string[];
}

export function createKeyedDigests({ current, keys }: Pick<Keyring, 'current' | 'keys'>): KeyedDigests {
  const derived = new Map([...keys].map(([id, key]) => [id, derivedKey(key, 'examdesk digests')]));
  const keyed = (id: string, key: KeyObject, content: string) =>
    `h:${id}:${createHmac('sha256', key).update(content).digest('base64url')}`;
  const all = (content: string) => [...derived].map(([id, key]) => keyed(id, key, content));
  const find = (id: string) => derived.get(id);

  return {
    of(content) {
      const key = find(current.id);
      if (!key) throw new Error(`No key is named ${current.id}`);
      return keyed(current.id, key, content);
    },
    isOf(stored, content) {
      if (stored === null) return false;
      const [, id] = /^h:([\w-]+):/.exec(stored) ?? [];
      if (id === undefined) return stored === content;
      const key = find(id);
      return key !== undefined && keyed(id, key, content) === stored;
    },
    all: (content) => [...all(content), content],
  };
}
