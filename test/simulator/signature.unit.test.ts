// Test vectors of the signature that official clients accept. The raw bytes are signed, not the parsed fields.
import { createRequire } from 'node:module';
import { expect } from 'chai';
import { sign } from '../../src/simulator/index.ts';

interface OfficialSdk {
  verifyMessageSignature(secret: string, body: string, signature: string): void;
}
const sdk = createRequire(import.meta.url)('acuityscheduling') as OfficialSdk;
const longKey = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';
const fields = 'id=54321&calendarID=27238&appointmentTypeID=1';

const vectors: [key: string, body: string, signature: string][] = [
  ['abc123', `action=scheduled&${fields}`, 'N2vF6ucyA+NCDiiwsdXBpIxFok9pGGS4/gMB2ComFwA='],
  ['abc123', `action=changed&${fields}`, 'bY7c9Pe2HwFX5et+77u+WmD48yo832XhxqHKxXVcpa0='],
  ['abc123', `action=canceled&${fields}`, 'MQeIGLquf3GHTio/E94I1VINdj8piCdP25DBExU+5zI='],
  ['abc123', `action=appointment.rescheduled&${fields}`, 'UIjQZZ9JrTJtRDdCBeoaWat6iSrh7qD5CakU2x4UJlU='],
  [
    longKey,
    'action=appointment.scheduled&id=1000000001&calendarID=7001&appointmentTypeID=8001',
    '1Nm6jAqQSRun41y86IcbYB3iUXHgNxX7x1hxkHnxi5Q=',
  ],
  [longKey, 'action=order.completed&id=99', '5bK5hv1hm3PhJVUlOut6koJ8u0i3eEaBS3rMsvgRZW8='],
  ['abc123', '', 'bS2fxhAzf4E6G4WGnsIUEplAhgVDrQQwjYc1f2wBM/Y='],
];

describe('the signature of the simulator’s webhooks', () => {
  for (const [key, body, signature] of vectors) {
    it(`matches the vector for "${body}"`, () => {
      expect(sign(body, key)).to.equal(signature);
      expect(() => sdk.verifyMessageSignature(key, body, sign(body, key))).not.to.throw();
    });
  }

  it('differs for another key and for the same fields in another order', () => {
    const body = `action=scheduled&${fields}`;
    const turned = 'id=54321&action=scheduled&calendarID=27238&appointmentTypeID=1';
    expect(sign(body, 'abc124')).not.to.equal(sign(body, 'abc123'));
    expect(sign(turned, 'abc123')).not.to.equal(sign(body, 'abc123'));
    expect(() => sdk.verifyMessageSignature('abc123', turned, sign(body, 'abc123'))).to.throw('forged');
  });
});
