// The lists, searches and pages that bench/flat.ts asks for.
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Database } from '../../src/db/knex.ts';
import type { TestApp } from '../../test/support/app.ts';

export interface Visit {
  path: string;
  headers: Record<string, string>;
}

const json = 'application/json';
const page = 'text/html';

/** The requests, with ids and words that exist in this database. */
export async function visitsOf(app: TestApp): Promise<Record<string, Visit>> {
  const db = app.database.owner;
  const facts = await factsOf(db);
  const cookies = {
    referrer: await cookieOf(app, facts.email),
    sam: await cookieOf(app, 'sam@examdesk.example'),
    ada: await cookieOf(app, 'ada@examdesk.example'),
  };
  const sam = await app.signIn('sam@examdesk.example');
  /** The query of a search, with its words sealed. */
  const sealed = async (words: string): Promise<string> => {
    const { body } = await sam
      .post('/admin/views/bookings/find')
      .send({ 'filters.search': words })
      .expect(200);
    return new URL((body as { href: string }).href, app.url).search.slice(1);
  };
  cookies.sam = sam.jar
    .getCookies({ domain: '127.0.0.1', path: '/', secure: false, script: false })
    .toValueString();
  const visits: Record<string, Visit> = {};
  const visit = (who: keyof typeof cookies, accept: string, name: string, at: string): void => {
    visits[`${name}, ${who}`] = {
      path: at,
      headers: { Cookie: cookies[who], Accept: accept, 'Sec-Fetch-Site': 'same-origin' },
    };
  };
  const searches = {
    surname: facts.last,
    'two letters': 'Ng',
    'title and two letters': 'Mr Ng',
    'whole name': `${facts.first} ${facts.last}`,
    claim: facts.claim,
    'part of a claim': facts.claim.slice(-6),
    'part of a reference': facts.reference.slice(4, 8),
    specialist: facts.specialist,
    organisation: facts.organization,
    nobody: 'qqxzv',
  };
  for (const who of ['referrer', 'sam'] as const) {
    visit(who, page, 'home', '/');
    visit(who, page, 'list', '/bookings');
    for (const tab of ['today', 'upcoming', 'past'])
      visit(who, page, `list, tab ${tab}`, `/bookings?tab=${tab}`);
    visit(who, json, 'list as JSON', '/bookings');
    visit(who, json, 'deep page', `/bookings?limit=20&cursor=${await cursorOf(app, cookies[who])}`);
    visit(who, page, 'detail', `/bookings/${facts.booking}`);
    for (const [name, words] of Object.entries(searches))
      visit(who, json, `search by ${name}`, `/bookings?q=${encodeURIComponent(words)}`);
  }
  visit('referrer', page, 'list, tab needs_you', '/bookings?tab=needs_you');
  visit('referrer', page, 'home of the organisation', '/?whose=all');
  visit('referrer', page, 'month', '/bookings?view=calendar');
  for (const who of ['referrer', 'sam'] as const) {
    visit(who, page, 'search before anything is typed', '/search');
    for (const [name, words] of [
      ['surname', facts.last],
      ['claim', facts.claim],
    ] as const)
      visit(who, page, `search page by ${name}`, await searchOf(app, cookies[who], words));
  }
  visit('sam', page, 'late paperwork', '/admin/paperwork');
  for (const status of ['active', 'cancelled', 'archived'])
    visit('sam', json, `status ${status}`, `/bookings?status=${status}`);
  for (const progress of ['no_show', 'payment_received'])
    visit('sam', json, `progress ${progress}`, `/bookings?progress=${progress}`);
  visit('sam', json, 'status and progress', '/bookings?status=active&progress=report_generated');
  visit('sam', json, 'interpreter', '/bookings?interpreter=yes');
  visit('sam', json, 'specialist', `/bookings?specialistId=${facts.specialistId}`);
  visit('sam', json, 'days', `/bookings?from=${facts.day}&to=${facts.day}`);

  const list = (id: string, query = ''): string =>
    `/admin/api/resources/${id}/actions/list${query && `?${query}`}`;
  visit('ada', json, 'console, first page', '/admin/api/dashboard');
  for (const id of [
    'bookings',
    'progress',
    'documents',
    'specialists',
    'organizations',
    'users',
    'webhook-events',
    'emails',
    'drift-items',
    'audit',
  ])
    visit('ada', json, `console, ${id}`, list(id));
  for (const [name, words] of Object.entries(searches))
    visit('sam', json, `console, search by ${name}`, list('bookings', await sealed(words)));
  for (const status of ['active', 'closed', 'cancelled', 'archived'])
    visit('ada', json, `console, bookings by status ${status}`, list('bookings', `filters.status=${status}`));
  visit('ada', json, 'console, bookings by progress', list('bookings', 'filters.currentProgress=no_show'));
  visit('ada', json, 'console, bookings made in Acuity', list('bookings', 'filters.source=acuity_direct'));
  visit('ada', json, 'console, bookings to complete', list('bookings', 'filters.detailsNeeded=true'));
  visit('ada', json, 'console, bookings without referrer', list('bookings', 'filters.needsReferrer=true'));
  visit(
    'ada',
    json,
    'console, bookings of an organisation',
    list('bookings', `filters.organizationId=${facts.organizationId}`),
  );
  visit(
    'ada',
    json,
    'console, bookings of a day',
    list('bookings', `filters.startsAt~~from=${facts.day}&filters.startsAt~~to=${facts.day}`),
  );
  visit('ada', json, 'console, infected documents', list('documents', 'filters.status=infected'));
  visit('ada', json, 'console, reports', list('documents', 'filters.category=report'));
  visit(
    'ada',
    json,
    'console, documents of a booking',
    list('documents', `filters.bookingId=${facts.booking}`),
  );
  const related: [table: string, by: string, id: string][] = [
    ['progress', 'bookingId', facts.booking],
    ['emails', 'bookingId', facts.booking],
    ['webhook-events', 'appointmentId', facts.appointment],
    ['drift-items', 'appointmentId', facts.appointment],
    ['bookings', 'referrerId', facts.referrerId],
    ['bookings', 'specialistId', facts.specialistId],
  ];
  for (const [table, by, id] of related)
    visit('ada', json, `console, ${table} by ${by}`, list(table, `filters.${by}=${id}`));
  visit('ada', json, 'console, failed e-mails', list('emails', 'filters.status=failed'));
  visit('ada', json, 'console, dead events', list('webhook-events', 'filters.state=dead'));
  visit('ada', json, 'console, staff', list('users', 'filters.role=support'));
  visit(
    'ada',
    json,
    'console, people of an organisation',
    list('users', `filters.organizationId=${facts.peopledId}`),
  );
  visit('ada', json, 'audit by rare action', list('audit', 'filters.action=records.imported'));
  visit('ada', json, 'audit by frequent action', list('audit', 'filters.action=booking.viewed'));
  visit('ada', json, 'audit by rare type', list('audit', 'filters.resourceType=specialist'));
  visit('ada', json, 'audit by outcome', list('audit', 'filters.outcome=denied'));
  visit('ada', json, 'audit by resource id', list('audit', `filters.resourceId=${facts.booking}`));
  visit(
    'ada',
    json,
    'audit of a day',
    list('audit', `filters.at~~from=${facts.day}&filters.at~~to=${facts.day}`),
  );
  visit('ada', page, 'people', '/account/people');
  visit('ada', page, 'people of an organisation', `/account/people?of=${facts.peopledId}`);
  visit(
    'ada',
    json,
    'referrer search by name',
    `/admin/referrers/search?query=${encodeURIComponent(`${facts.first} ${facts.last}`)}`,
  );
  visit('ada', json, 'referrer search by two letters', '/admin/referrers/search?query=Ng');
  visit('ada', page, 'episodes', '/admin/episodes');
  visit('ada', page, 'specialists', '/specialists');
  visit('ada', 'text/plain', 'metrics', '/metrics');
  return visits;
}

interface Facts {
  booking: string;
  appointment: string;
  referrerId: string;
  reference: string;
  claim: string;
  first: string;
  last: string;
  day: string;
  email: string;
  organizationId: string;
  organization: string;
  peopledId: string;
  specialistId: string;
  specialist: string;
}

/**
 * Of a booking in the middle, made by somebody of an organisation with about a hundred bookings. So that answers about both
 * agencies are as long, its examinee and their surname have about nine bookings; the specialist examines in more than a page
 * shows, and has a surname that at most some hundred bookings have; the organisation whose people are listed has about as many
 * people as the smallest large one, and the largest small one.
 */
async function factsOf(db: Database): Promise<Facts> {
  const { rows } = await db.raw<{ rows: Facts[] }>(
    `with firm as (select organization_id as id from bookings where organization_id is not null group by 1 order by abs(count(*) - 100), 1 limit 1),
       named as (select examinee_first_name as first, examinee_last_name as last, count(*) from bookings group by 1, 2),
       surnames as (select last, sum(count) as count from named group by 1),
       examining as (select s.id, s.name from specialists s join bookings on specialist_id = s.id join surnames on last = split_part(s.name, ' ', 2)
         where position >= 100 group by s.id, surnames.count having count(*) > 20 order by abs(surnames.count - 100), position limit 1)
     select b.id as booking, b.acuity_appointment_id::text as appointment, u.id as "referrerId", b.reference, b.claim_number as claim, b.examinee_first_name as first, b.examinee_last_name as last,
       to_char(b.starts_at, 'YYYY-MM-DD') as day, u.email, o.id as "organizationId", o.name as organization,
       (select organization_id from members group by 1 order by abs(count(*) - 28), 1 limit 1) as "peopledId",
       s.id as "specialistId", s.name as specialist
     from bookings b join firm on firm.id = b.organization_id join users u on u.id = b.created_by_id
       join organizations o on o.id = b.organization_id cross join examining s join surnames on surnames.last = b.examinee_last_name
       join named on named.first = b.examinee_first_name and named.last = b.examinee_last_name
     where b.claim_number is not null and b.current_progress = 'payment_received' and length(b.examinee_last_name) > 4
       and not exists (select from (select name from specialists union all select name from organizations) others
         where position(b.examinee_first_name in name) + position(b.examinee_last_name in name) > 0)
     order by abs(named.count - 9) + abs(surnames.count - 9), abs(extract(epoch from b.starts_at - (
       select percentile_disc(0.5) within group (order by starts_at) from bookings where status = 'closed'))) limit 1`,
  );
  const [facts] = rows;
  if (!facts) throw new Error('The generated data has no booking to look at');
  return facts;
}

async function cookieOf(app: TestApp, email: string): Promise<string> {
  const { name, value } = await app.sessionCookie(email);
  return `${name}=${value}`;
}

/** The address of a search, with its words sealed. */
async function searchOf(app: TestApp, cookie: string, words: string): Promise<string> {
  const answer = await fetch(`${app.url}/search`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, accept: page, origin: app.url },
    body: new URLSearchParams({ q: words }),
  });
  const address = answer.headers.get('location');
  if (answer.status !== 303 || address === null) throw new Error(`POST /search answered ${answer.status}`);
  return address;
}

/** Of the fifty-first page, or of the last one that is full: a shorter page would be compared with a longer one. */
async function cursorOf(app: TestApp, cookie: string): Promise<string> {
  let [cursor, next] = ['', ''];
  for (let at = 0; at < 50; at += 1) {
    const body = await ask(app, {
      path: `/bookings?limit=20${next && `&cursor=${next}`}`,
      headers: { Cookie: cookie, Accept: json },
    });
    const { nextCursor } = JSON.parse(body) as { nextCursor: string | null };
    if (nextCursor === null) break;
    [cursor, next] = [next, nextCursor];
  }
  return cursor;
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

export async function ask(app: TestApp, { path: at, headers }: Visit): Promise<string> {
  const [answer] = (await once(get(`${app.url}${at}`, { headers, agent }), 'response')) as [IncomingMessage];
  const body = await text(answer);
  if (answer.statusCode !== 200)
    throw new Error(`${at} answered ${answer.statusCode}: ${body.slice(0, 300)}`);
  return body;
}
