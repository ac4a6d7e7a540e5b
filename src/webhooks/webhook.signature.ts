// Verifies the signatures of webhooks.
import { createHmac } from 'node:crypto';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { isEqual, type SecretRing } from '../lib/secret-ring.ts';

/**
 * Acuity: base64(HMAC-SHA256(raw body, API key)) in X-Acuity-Signature (acuity.md 7.1). Compares in constant time.
 * @param apiKeys after a change of the key, events signed with the one before are still on their way
 * @param body the raw bytes: a body that was parsed and serialised again no longer matches its signature
 */
export function isSignedByAcuity(body: Buffer, signature: string | undefined, apiKeys: SecretRing): boolean {
  const given = Buffer.from(signature ?? '');
  return apiKeys.some((key) =>
    isEqual(Buffer.from(createHmac('sha256', key).update(body).digest('base64')), given),
  );
}

export type StandardVerdict = 'ok' | 'bad_signature' | 'too_old';

/** Standard Webhooks: id, time (within five minutes) and signature in headers. Any of several secrets may match. */
export function verifyStandardWebhook(
  body: Buffer,
  headers: Record<string, string>,
  secrets: readonly string[],
): StandardVerdict {
  let verdict: StandardVerdict = 'bad_signature';
  for (const secret of secrets) {
    try {
      new Webhook(secret).verify(body.toString('utf8'), headers, { jsonParse: false });
      return 'ok';
    } catch (error) {
      if (!(error instanceof WebhookVerificationError)) continue;
      if (/timestamp too/i.test(error.message)) verdict = 'too_old';
    }
  }
  return verdict;
}
