// Thousands of requests that no browser sends, over every route, by everybody at once: none ends in a 5xx or is never
// answered, none leaves a statement or a transaction open, and no log line quotes what was typed.
import { Agent, request } from 'node:http';
import { expect } from 'chai';
import { startTestApp, type TestApp } from '../support/app.ts';
import { randomNumbers } from '../support/random.ts';
import { mountedRoutes } from '../support/routes.ts';

const howMany = 20_000;
const atOnce = 12;
const answeredWithinMs = 40_000;
/** In every odd text: a log line that has it quotes what somebody typed. */
const mark = 'zqtyped';
const people = ['rita@harbour-legal.example', 'sam@examdesk.example', 'ada@examdesk.example', null];

const oddTexts = [
  '',
  `${mark}\u0000`,
  `${mark}\ud800`,
  `${mark}\n    at ${mark} (file:///${mark}:1:1)`,
  `%00${mark}`,
  `../../${mark}`,
  `' or '${mark}'='`,
  `<b>${mark}`,
  mark.repeat(10_000),
  `${mark}\u202e\ufeff\u2028😀`,
  '-1',
  '1e309',
  '9007199254740993',
  'NaN',
  'null',
  '[]',
  '{}',
  '2026-02-30',
  '275760-09-13',
  'infinity',
  '2026-12-01T09:00:00+99:99',
  'Europe/Nowhere',
  '__proto__',
  'constructor',
  'a:* & !',
];
const oddNames = [
  'id',
  'ids',
  'q',
  'from',
  'to',
  'cursor',
  'limit',
  'email',
  'text',
  'date',
  'status',
  'file',
  'next',
];
const oddSegments = ['%', '%00', '%ff', '%c3%28', '%ED%A0%80', '..%2f', ';a=b', '%0d%0a', mark];
const oddHeaders: Record<string, string[]> = {
  accept: ['text/html', 'application/json', '', 'x', 'text/html;q=x'],
  range: ['bytes=0-', 'bytes=5-1,-', mark],
  'if-none-match': ['*', '"', mark],
  'content-encoding': ['gzip', 'br', 'x'],
  'accept-language': ['*', mark],
  'idempotency-key': ['', mark, '0192f000-0000-7000-8000-000000000009'],
  'hx-request': ['true'],
  'hx-request-type': ['partial', 'x'],
  'x-forwarded-for': ['1.2.3.4, x', mark],
  'x-acuity-signature': [mark],
  'webhook-signature': [`v1,${mark}`],
};
/** They would end the sessions of all that follow. */
const ending = /sign-out|sessions\/end|two-factor|account\/people\/:id/;

interface Sent {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | null;
}

describe('an odd request', () => {
  let app: TestApp;
  const cookies: (string | null)[] = [];
  const connections = new Agent({ keepAlive: true });

  before(async () => {
    app = await startTestApp();
    for (const email of people) {
      const cookie = email && (await app.sessionCookie(email));
      cookies.push(cookie && `${cookie.name}=${cookie.value}`);
    }
  });
  after(async () => {
    connections.destroy();
    await app.close();
  });

  /** Its status, or why there is none. */
  function statusOf({ method, path, headers, body }: Sent): Promise<number | string> {
    return new Promise((resolve) => {
      const sent = request(app.url, { method, path, headers, agent: connections }, (answer) => {
        answer.on('error', ({ message }) => resolve(message));
        answer.on('end', () => resolve(answer.statusCode ?? 0)).resume();
      });
      sent.setTimeout(answeredWithinMs, () => sent.destroy(new Error('never answered')));
      // The app may answer, and close the connection, before it has read a body that it refuses.
      sent.on('error', ({ message }) => resolve(message === 'never answered' ? message : 0));
      sent.end(body);
    });
  }

  it('is answered without a 5xx, leaves nothing open, and is not quoted in the log', async () => {
    const next = randomNumbers('odd requests');
    const pick = <One>(from: readonly One[]): One => from[next(from.length)] as One;
    const ids = (
      await Promise.all(
        (['users', 'organizations', 'specialists'] as const).map((of) => app.db(of).pluck('id')),
      )
    ).flat();
    const routes = mountedRoutes(app.system.app).filter((route) => !ending.test(route));
    expect(routes).to.have.length.above(100);

    const text = () => (next(3) === 0 ? pick(ids) : pick(oddTexts));
    const value = (depth = 0): unknown => {
      const kind = next(depth > 2 ? 4 : 6);
      if (kind === 4) return [value(depth + 1), value(depth + 1)];
      if (kind === 5) return { [pick(oddNames)]: value(depth + 1) };
      return [text(), pick([0, -1, 2 ** 31, 1e308]), null, true][kind];
    };
    const encoded = (given: string) => encodeURIComponent(given.toWellFormed());
    const fields = () =>
      Array.from(
        { length: next(6) },
        () => `${pick(oddNames)}${pick(['', '', '[]', '[a]'])}=${encoded(text())}`,
      );
    const bodies: (() => [string, string])[] = [
      () => ['application/x-www-form-urlencoded', fields().join('&')],
      () => ['application/json', JSON.stringify({ [pick(oddNames)]: value(), [pick(oddNames)]: value() })],
      () => ['application/json', pick(['{', '"a"', '[[', '{"__proto__":{"a":1}}', '{"a":"\\u0000"}'])],
      () => [
        'multipart/form-data; boundary=b',
        `--b\r\nContent-Disposition: form-data; name="file"; filename="${mark}.pdf"\r\n\r\n${text()}\r\n--b${pick(['--', ''])}`,
      ],
      () => [pick(['text/plain', 'multipart/form-data', ';', 'application/pdf']), text()],
    ];
    const odd = (): Sent => {
      const [method = '', pattern = ''] = pick(routes).split(' ');
      const segment = () => (next(2) ? pick(ids) : pick([...oddSegments, encoded(text()).slice(0, 300)]));
      const path = pattern.replace(/[:*]\w+/g, segment) + (next(3) ? '' : `?${fields().join('&')}`);
      const cookie = pick(cookies);
      const headers: Record<string, string> = {
        origin: next(15) ? app.url : 'null',
        ...(cookie && { cookie }),
      };
      for (const [name, some] of Object.entries(oddHeaders)) if (next(6) === 0) headers[name] = pick(some);
      if (method === 'get') return { method: next(20) ? 'GET' : 'HEAD', path, headers, body: null };
      const [type, body] = pick(bodies)();
      return { method: method.toUpperCase(), path, headers: { ...headers, 'content-type': type }, body };
    };

    const wrong: (Sent & { status: number | string })[] = [];
    let left = howMany;
    const sendAll = async () => {
      while (left > 0) {
        left -= 1;
        const sent = odd();
        const status = await statusOf(sent);
        if (typeof status === 'string' || status >= 500) wrong.push({ ...sent, status });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, sendAll));
    expect(wrong.slice(0, 5)).to.deep.equal([]);
    const quoting = app.logLines.filter((line) => line.includes(mark));
    expect(quoting.slice(0, 5)).to.deep.equal([]);
    const { rows } = await app.database.owner.raw<{ rows: unknown[] }>(
      "select state, query from pg_stat_activity where datname = current_database() and state <> 'idle' and pid <> pg_backend_pid()",
    );
    expect(rows).to.deep.equal([]);
  });
});
