import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { isSignedByAcuity, verifyStandardWebhook } from '../../src/webhooks/webhook.signature.ts';

const otherKey = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';
/** acuity.md 7.4 */
const vectors = [
  [
    'abc123',
    'action=scheduled&id=54321&calendarID=27238&appointmentTypeID=1',
    'N2vF6ucyA+NCDiiwsdXBpIxFok9pGGS4/gMB2ComFwA=',
  ],
  [
    'abc123',
    'action=changed&id=54321&calendarID=27238&appointmentTypeID=1',
    'bY7c9Pe2HwFX5et+77u+WmD48yo832XhxqHKxXVcpa0=',
  ],
  [
    'abc123',
    'action=canceled&id=54321&calendarID=27238&appointmentTypeID=1',
    'MQeIGLquf3GHTio/E94I1VINdj8piCdP25DBExU+5zI=',
  ],
  [
    'abc123',
    'action=appointment.rescheduled&id=54321&calendarID=27238&appointmentTypeID=1',
    'UIjQZZ9JrTJtRDdCBeoaWat6iSrh7qD5CakU2x4UJlU=',
  ],
  [
    otherKey,
    'action=appointment.scheduled&id=1000000001&calendarID=7001&appointmentTypeID=8001',
    '1Nm6jAqQSRun41y86IcbYB3iUXHgNxX7x1hxkHnxi5Q=',
  ],
  [otherKey, 'action=order.completed&id=99', '5bK5hv1hm3PhJVUlOut6koJ8u0i3eEaBS3rMsvgRZW8='],
  ['abc123', '', 'bS2fxhAzf4E6G4WGnsIUEplAhgVDrQQwjYc1f2wBM/Y='],
] as const;

describe('isSignedByAcuity', () => {
  for (const [key, body, signature] of vectors) {
    it(`accepts ${body || 'an empty body'}, and no variation of it`, () => {
      const bytes = Buffer.from(body);
      expect(isSignedByAcuity(bytes, signature, [key])).to.equal(true);
      expect(isSignedByAcuity(Buffer.concat([bytes, Buffer.from(' ')]), signature, [key])).to.equal(false);
      expect(isSignedByAcuity(bytes, signature, [`${key}x`, key]), 'an earlier key').to.equal(true);
      expect(isSignedByAcuity(bytes, signature, [`${key}x`])).to.equal(false);
      for (const wrong of [
        undefined,
        '',
        signature.slice(1),
        `${signature}=`,
        signature.toLowerCase(),
        'ü'.repeat(44),
      ]) {
        expect(isSignedByAcuity(bytes, wrong, [key]), String(wrong)).to.equal(false);
      }
    });
  }
});

describe('verifyStandardWebhook', () => {
  const secret = `whsec_${Buffer.from('a secret of thirty-two characters').toString('base64')}`;
  const rotated = `whsec_${Buffer.from('the secret that comes next, long').toString('base64')}`;
  const body = Buffer.from('{"action":"changed","id":54321}');
  const headers = (at = Date.now(), key = secret, text = body) => {
    const time = String(Math.floor(at / 1000));
    const mac = createHmac('sha256', Buffer.from(key.slice(6), 'base64'))
      .update(`msg_1.${time}.${text.toString()}`)
      .digest('base64');
    return { 'webhook-id': 'msg_1', 'webhook-timestamp': time, 'webhook-signature': `v1,${mac}` };
  };

  it('accepts any of the secrets, for five minutes', () => {
    expect(verifyStandardWebhook(body, headers(), [secret])).to.equal('ok');
    expect(verifyStandardWebhook(body, headers(Date.now(), rotated), [secret, rotated])).to.equal('ok');
    expect(verifyStandardWebhook(body, headers(Date.now() - 290_000), [secret])).to.equal('ok');
    expect(verifyStandardWebhook(body, headers(Date.now() - 310_000), [secret])).to.equal('too_old');
    expect(verifyStandardWebhook(body, headers(Date.now() + 310_000), [secret])).to.equal('too_old');
  });

  it('refuses other bytes, another secret, or none', () => {
    expect(verifyStandardWebhook(Buffer.from('{}'), headers(), [secret])).to.equal('bad_signature');
    expect(verifyStandardWebhook(body, headers(), [rotated])).to.equal('bad_signature');
    expect(verifyStandardWebhook(body, headers(), [])).to.equal('bad_signature');
    expect(verifyStandardWebhook(body, {}, [secret])).to.equal('bad_signature');
    for (const rubbish of ['v1,', 'v1', '', ',', 'v1,é', 'v2,abc']) {
      expect(
        verifyStandardWebhook(body, { ...headers(), 'webhook-signature': rubbish }, [secret]),
        rubbish,
      ).to.equal('bad_signature');
    }
  });
});
