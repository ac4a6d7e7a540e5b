import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { packList, passwordComplaint } from '../../src/accounts/index.ts';

describe('the rules for passwords', () => {
  const good = [
    'teapot granite violin meadow',
    'correct staple battery violin',
    'vTq8#rLm2!xZ',
    'übermäßig viele Giraffen',
    'my dog ate the blue carpet',
    'ffmeadowlarks42x',
    'sommer regen fenster',
    '🐘🐘🐘 und viele andere Tiere',
  ];
  for (const password of good) {
    it(`take "${password}"`, () => {
      expect(passwordComplaint(password, ['rita@harbour-legal.example', 'Rita Alvarez'])).to.equal(null);
    });
  }

  const bad: Record<string, string[]> = {
    'Use at least 12': ['', 'short', 'elevenchars', '🐘🐘🐘🐘🐘🐘'],
    'Use at most 128': ['a long one '.repeat(12)],
    'too common': [
      'password123456',
      'P4$$w0rd123456',
      'Password2026!!',
      'welcomewelcome1',
      'qwertyuiop12',
      'qwertyuiopasdfgh',
      '123456789012',
      '0987654321098',
      'abcdefghijkl',
      'aaaaaaaaaaaaaa',
      'abcabcabcabc',
      'teapotteapot',
      '1q2w3e4r5t6y',
      'correcthorsebatterystaple',
      'iloveyou2026!',
      'Administrator!',
      'letmeinplease',
      'Summer2026!!',
      'AustraliaAustralia1',
      '200020002000',
      'sonyericsson',
      'Supernatural',
      'needforspeed',
      'finalfantasy',
      'ghbdtnrfrltkf',
      'chickenwing101',
      'c0unterstr1ke',
      'Final Fantasy',
      'professional2026!',
      '!!unbelievable1',
    ],
    'mostly your name': ['rita alvarez 1', 'Rita.Alvarez.99', 'harbour-legal-12', 'examdesk-rita-1'],
  };
  for (const [complaint, passwords] of Object.entries(bad)) {
    for (const password of passwords) {
      it(`refuse "${password.slice(0, 30)}": ${complaint}`, () => {
        expect(passwordComplaint(password, ['rita@harbour-legal.example', 'Rita Alvarez'])).to.contain(
          complaint,
        );
      });
    }
  }
});

describe('the list of common passwords', () => {
  const file = readFileSync(new URL('../../src/accounts/password-list.bin', import.meta.url));

  it('is small and sorted, without duplicates', () => {
    expect(file.length).to.be.within(200_000, 300_000);
    const digests = Array.from({ length: file.length / 5 }, (_, index) => file.readUIntBE(index * 5, 5));
    expect(digests.every((digest, index) => index === 0 || digest > (digests[index - 1] ?? 0))).to.equal(
      true,
    );
  });

  it('matches in any case, with any blanks, and with digits read as the letters they replace', () => {
    const packed = packList(['Needforspeed', 'F1nal Fantasy', 'finalfantasy']);
    expect(packed).to.have.length(10);
    for (const at of [0, 5]) expect(file.includes(packed.subarray(at, at + 5))).to.equal(true);
  });

  it('does not match passwords that only resemble a common one', () => {
    const made = Array.from(
      { length: 20_000 },
      (_, index) => `Giraffe ${index} am Fenster ${index * 7} Regen`,
    );
    expect(made.filter((password) => passwordComplaint(password) !== null)).to.deep.equal([]);
  });
});
