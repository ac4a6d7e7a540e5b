import { expect } from 'chai';
import { codingFor, isWorthCompressing } from '../../src/http/content-coding.ts';

describe('codingFor', () => {
  for (const [header, coding] of [
    [undefined, null],
    ['', null],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['br;q=0.2, gzip;q=0.8', 'gzip'],
    ['gzip;q=0.2,br;q=0.8', 'br'],
    ['br;q=0, gzip', 'gzip'],
    ['br; q=0, gzip; q=0', null],
    ['*', 'br'],
    ['*;q=0', null],
    ['br;q=0, *;q=0.5', 'gzip'],
    ['identity', null],
    ['identity;q=1, gzip;q=0.5', null],
    ['identity;q=0, gzip', 'gzip'],
    ['gzip;q=nonsense', null],
    ['deflate, zstd', null],
  ] as const)
    it(`chooses ${coding ?? 'nothing'} for ${header ?? 'no header'}`, () => {
      expect(codingFor(header)).to.equal(coding);
    });
});

describe('isWorthCompressing', () => {
  it('takes texts of a kilobyte and more, and nothing that is compressed or streamed', () => {
    for (const type of [
      'text/html; charset=utf-8',
      'application/json',
      'application/problem+json',
      'image/svg+xml',
      'text/javascript',
    ]) {
      expect(isWorthCompressing(type, 1_024), type).to.equal(true);
      expect(isWorthCompressing(type, 1_023), type).to.equal(false);
    }
    for (const type of [
      'application/pdf',
      'image/png',
      'font/woff2',
      'application/octet-stream',
      'text/event-stream',
    ])
      expect(isWorthCompressing(type, 100_000), type).to.equal(false);
  });
});
