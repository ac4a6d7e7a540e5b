import { expect } from 'chai';
import { passwordComplaint } from '../../src/accounts/index.ts';

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
    'Too many people': [
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
