// People search bookings by the examinee's name, and names must not appear in URLs, which stay in histories and logs.
// The search form posts; the URL of the result contains the words encrypted, readable only by this server for this
// person.
import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from 'node:crypto';
import type { Request, Response } from 'express';
import { actorOf } from '../actor.ts';
import { withQuery } from '../pages/links.ts';
import { wantsFragment } from '../respond.ts';
import { derivedKeys, type SecretRing } from '../../lib/secret-ring.ts';

export interface SealedSearch {
  seal(userId: string, words: string): string;
  /** Null when it was sealed elsewhere or for another person, or was changed. */
  open(userId: string, sealed: string): string | null;
}

const ivBytes = 12;
const tagBytes = 16;

export function createSealedSearch(secrets: SecretRing): SealedSearch {
  const keys = derivedKeys(secrets, 'examdesk booking search');
  return {
    seal(userId, words) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', keys[0], iv).setAAD(Buffer.from(userId));
      const text = Buffer.concat([cipher.update(words, 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url');
    },
    open(userId, sealed) {
      if (!/^[A-Za-z0-9_-]{38,1000}$/.test(sealed)) return null;
      for (const key of keys) {
        const words = opened(key, userId, Buffer.from(sealed, 'base64url'));
        if (words !== null) return words;
      }
      return null;
    },
  };
}

function opened(key: KeyObject, userId: string, bytes: Buffer): string | null {
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), {
    authTagLength: tagBytes,
  })
    .setAAD(Buffer.from(userId))
    .setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]).toString(
      'utf8',
    );
  } catch {
    return null;
  }
}

/**
 * The words of a page's search. Null: they came in clear, from the form or a link, and the browser has been sent on to
 * the page's address with the words sealed.
 */
export function wordsOfSearch(sealed: SealedSearch, req: Request, res: Response): string | null {
  const { userId } = actorOf(req, res).viewer;
  const { q, find, ...others } = req.query;
  const plain = typeof q === 'string' ? q.slice(0, 200).trim() : '';
  if (typeof find === 'string' && plain === '') return sealed.open(userId, find) ?? '';
  if (plain === '' || wantsFragment(req)) return plain;
  const rest = Object.fromEntries(
    Object.entries(others).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
  res.redirect(303, withQuery(req.path, { ...rest, find: sealed.seal(userId, plain) }));
  return null;
}
