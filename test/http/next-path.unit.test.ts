import { expect } from 'chai';
import fc from 'fast-check';
import { safeNext } from '../../src/http/next-path.ts';
import { assertAlways } from '../support/random.ts';

// What parsers of addresses treat in a way of their own, and what looks like it.
const pieces = fc.constantFrom(
  ...['/', '//', '\\', '.', '..', '/..', '/.', '/../', '%2e', '%2E%2e', '%2f', '%5c', '%252f', '%'],
  '?',
  '#',
  '@',
  ':',
  ':80',
  ';',
  '&',
  '=',
  '[',
  ']',
  '|',
  '^',
  "'",
  '"',
  '<',
  '*',
  ' ',
  '\t',
  '\n',
  '\r',
  '\0',
  '\u007f',
  '\u0085',
  '\u00a0',
  '\u00ad',
  '\u2028',
  '\u200b',
  '\ufeff',
  '\u2024',
  '\u3002',
  '\uff0f',
  '\uff3c',
  '\u2215',
  '\u29f8',
  '\ud800',
  '\udc00',
  '💥',
  'é',
  'http:',
  'https:',
  'javascript:',
  'data:',
  'evil.example',
  'localhost',
  'sign-in',
  'sign-out',
  'a',
);
const hostileText = fc.oneof(
  { weight: 4, arbitrary: fc.array(pieces, { maxLength: 12 }).map((parts) => `/${parts.join('')}`) },
  { weight: 2, arbitrary: fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }).map((text) => `/${text}`) },
  { weight: 1, arbitrary: fc.webUrl({ withFragments: true, withQueryParameters: true }) },
);

const bases = ['http://localhost:3000', 'https://desk.agency.example', 'https://desk.agency.example/'];

describe('safeNext', () => {
  it('returns null or a path that stays on the site for any text', async () => {
    await assertAlways(
      'http/next-path',
      fc.property(hostileText, fc.constantFrom(...bases), (text, base) => {
        const path = safeNext(text);
        if (path === null) return;
        const target = new URL(path, base);
        expect(target.origin).to.equal(new URL(base).origin);
        expect(target.username + target.password + target.hash).to.equal('');
        // What a browser goes to is the very path: nothing is left that it would read in another way.
        expect(target.pathname + target.search).to.equal(path);
        expect(path)
          .to.match(/^\/(?!\/)[!-~]*$/)
          .and.not.match(/\\/);
        // Kept in a form, it comes back and is judged again.
        expect(safeNext(path)).to.equal(path);
      }),
      { numRuns: 20_000 },
    );
  });

  for (const path of ['/', '/bookings', '/bookings/new?q=hart', '/bookings/0192?x=%2F%2Fevil', '/a//b']) {
    it(`keeps ${path}`, () => expect(safeNext(path)).to.equal(path));
  }

  const elsewhere = [
    '//evil.example',
    '/\\evil.example',
    '/..//evil.example/login',
    '/.//evil.example',
    '/a/..//evil.example',
    '/%2e%2e//evil.example',
    '/.%2E//evil.example',
    '/a/../..//evil.example?x=1',
    '/..//',
    '/..\t//evil.example',
    'https://evil.example',
    'javascript:alert(1)',
    '/a\nb',
    '/\tb',
    'bookings',
    '',
    '/sign-in',
    '/sign-in/',
    '/Sign-In?next=/bookings',
    '/sign-in?next=/sign-in',
    '/x/../sign-out',
    undefined,
    ['/bookings'],
    { a: 1 },
    `/${'a'.repeat(3000)}`,
    `/${'é'.repeat(1500)}`,
  ];
  for (const path of elsewhere) {
    it(`refuses ${JSON.stringify(path)?.slice(0, 40)}`, () => expect(safeNext(path)).to.equal(null));
  }
});
