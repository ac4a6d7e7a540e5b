// Signed tokens for the doctor's own requests. Without one the probe answers 404; an answer proves that the address leads
// to this installation, because only it knows the secret.
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface ProbeTokens {
  make(now: Date): string;
  isValid(token: string, now: Date): boolean;
}

/** Long enough for clocks that differ. */
const validMs = 5 * 60_000;

export function createProbeTokens(secret: string): ProbeTokens {
  const sign = (at: string) => createHmac('sha256', secret).update(`doctor probe ${at}`).digest('base64url');
  return {
    make(now) {
      const at = String(now.getTime());
      return `${at}.${sign(at)}`;
    },
    isValid(token, now) {
      const [, at = '', given = ''] = /^(\d{1,15})\.([\w-]+)$/.exec(token) ?? [];
      const wanted = Buffer.from(sign(at));
      const isOurs = given.length === wanted.length && timingSafeEqual(Buffer.from(given), wanted);
      return isOurs && Math.abs(now.getTime() - Number(at)) <= validMs;
    },
  };
}
