// A ring of secrets. The first makes everything new; what any of them made is accepted. So a secret can be changed while
// what was made with the earlier one stays valid.
import { createHmac, createSecretKey, hkdfSync, timingSafeEqual, type KeyObject } from 'node:crypto';

export type SecretRing = readonly [string, ...string[]];

/** Secrets separated by commas; null when there is none, one is empty, or one occurs twice. */
export function parseSecretRing(text: string): SecretRing | null {
  const [first, ...others] = text.split(',').map((part) => part.trim());
  if (!first || others.includes('') || new Set([first, ...others]).size <= others.length) return null;
  return [first, ...others];
}

/**
 * A key of 32 bytes for one purpose, so that no key serves two purposes. An object, because node:crypto takes five times
 * as long with the bytes.
 */
export function derivedKey(secret: string | Buffer, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', purpose, 32)));
}

/** A key from each secret. */
export function derivedKeys(ring: SecretRing, purpose: string): readonly [KeyObject, ...KeyObject[]] {
  const [first, ...others] = ring;
  return [derivedKey(first, purpose), ...others.map((secret) => derivedKey(secret, purpose))];
}

export interface Signer {
  sign(text: string): Buffer;
  /** The valid signatures of the text: by the current key first, then by the earlier ones. */
  signatures(text: string): Buffer[];
  /** Compares in constant time. */
  isSigned(text: string, signature: Buffer): boolean;
}

/** Signs by HMAC-SHA256. */
export function createSigner(ring: SecretRing, purpose: string): Signer {
  const keys = derivedKeys(ring, purpose);
  const mac = (key: KeyObject, text: string) => createHmac('sha256', key).update(text).digest();
  return {
    sign: (text) => mac(keys[0], text),
    signatures: (text) => keys.map((key) => mac(key, text)),
    isSigned: (text, signature) => keys.some((key) => isEqual(mac(key, text), signature)),
  };
}

/** In constant time for equal lengths. */
export function isEqual(wanted: Buffer, given: Buffer): boolean {
  return wanted.length === given.length && timingSafeEqual(wanted, given);
}
