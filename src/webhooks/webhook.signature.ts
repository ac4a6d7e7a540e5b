// Verifies the signatures of webhooks.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';

/**
 * Acuity: base64(HMAC-SHA256(raw body, API key)) in X-Acuity-Signature (acuity.md 7.1). Compares in constant time.
 * @param body the raw bytes: a body that was parsed and serialised again no longer matches its signature
 */
export function isSignedByAcuity(body: Buffer, signature: string | undefined, apiKey: string): boolean {
  const wanted = createHmac('sha256', apiKey).update(body).digest('base64');
  const given = Buffer.from(signature ?? '');
  return given.length === wanted.length && timingSafeEqual(given, Buffer.from(wanted));
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
