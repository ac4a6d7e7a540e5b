// ENCRYPTION_KEYS: `id:64 hex digits`, several with commas between. The first is used, the others still open what they closed.

export interface Keyring {
  current: { id: string; key: Buffer };
  /** Null when no key of this id is known. */
  find(id: string): Buffer | null;
}

const entry = /^([\w-]{1,32}):([\da-f]{64})$/i;

/** Null when the text is not a list of keys, or names one id twice. */
export function parseKeyring(text: string): Keyring | null {
  const keys = new Map<string, Buffer>();
  for (const part of text.split(',')) {
    const [, id, hex] = entry.exec(part.trim()) ?? [];
    if (id === undefined || hex === undefined || keys.has(id)) return null;
    keys.set(id, Buffer.from(hex, 'hex'));
  }
  const [first] = keys;
  if (!first) return null;
  return { current: { id: first[0], key: first[1] }, find: (id) => keys.get(id) ?? null };
}
