// ENCRYPTION_KEYS: `id:64 hex digits`, separated by commas. The first key makes seals and digests; the others verify
// older ones.

export interface Keyring {
  current: { id: string; key: Buffer };
  /** By id, the current one first. */
  keys: ReadonlyMap<string, Buffer>;
  /** Null when no key has this id. */
  find(id: string): Buffer | null;
}

const entry = /^([\w-]{1,32}):([\da-f]{64})$/i;

/** Null when the text is not a list of keys, or contains an id twice. */
export function parseKeyring(text: string): Keyring | null {
  const keys = new Map<string, Buffer>();
  for (const part of text.split(',')) {
    const [, id, hex] = entry.exec(part.trim()) ?? [];
    if (id === undefined || hex === undefined || keys.has(id)) return null;
    keys.set(id, Buffer.from(hex, 'hex'));
  }
  const [first] = keys;
  if (!first) return null;
  return { current: { id: first[0], key: first[1] }, keys, find: (id) => keys.get(id) ?? null };
}
