import { expect } from 'chai';
import { parseSender } from '../../src/lib/mail-sender.ts';

describe('parseSender', () => {
  it('reads a name and an address, or an address alone', () => {
    const address = 'bookings@agency.example';
    for (const [sender, name] of [
      [`Your Agency <${address}>`, 'Your Agency'],
      [`"Agency, Your" <${address}> `, 'Agency, Your'],
      [`<${address}>`, address],
      [` ${address}`, address],
    ] as const)
      expect(parseSender(sender), sender).to.deep.equal({ name, address });
  });
});
