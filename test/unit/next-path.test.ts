import { expect } from 'chai';
import { safeNext } from '../../src/http/next-path.ts';

describe('where one goes after signing in', () => {
  for (const path of ['/bookings', '/bookings/new?q=hart', '/bookings/0192?x=%2F%2Fevil']) {
    it(`keeps ${path}`, () => expect(safeNext(path)).to.equal(path));
  }

  const elsewhere = [
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    '/a\nb',
    '/\tb',
    'bookings',
    '',
    '/sign-in',
    '/sign-in?next=/sign-in',
    '/x/../sign-out',
    undefined,
    ['/bookings'],
    { a: 1 },
    `/${'a'.repeat(3000)}`,
  ];
  for (const path of elsewhere) {
    it(`refuses ${JSON.stringify(path)?.slice(0, 40)}`, () => expect(safeNext(path)).to.equal(null));
  }
});
