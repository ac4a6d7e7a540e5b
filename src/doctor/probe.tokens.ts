// Signed tokens for the doctor's own requests. Without one the probe answers 404; an answer proves that the address
// leads to this installation, because only it knows the secret.
import { createSigner, type SecretRing } from '../lib/secret-ring.ts';

export interface ProbeTokens {
  make(now: Date): string;
  isValid(token: string, now: Date): boolean;
}

/** Long enough for clocks that differ. */
const validMs = 5 * 60_000;

export function createProbeTokens(secrets: SecretRing): ProbeTokens {
  const signer = createSigner(secrets, 'examdesk doctor probe');
  return {
    make(now) {
      const at = String(now.getTime());
      return `${at}.${signer.sign(at).toString('base64url')}`;
    },
    isValid(token, now) {
      const [, at = '', given = ''] = /^(\d{1,15})\.([\w-]+)$/.exec(token) ?? [];
      const isOurs = signer.isSigned(at, Buffer.from(given, 'base64url'));
      return isOurs && Math.abs(now.getTime() - Number(at)) <= validMs;
    },
  };
}
