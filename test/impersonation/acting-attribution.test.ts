// Every route that changes something is walked by an admin acting as Rita; whatever it wrote names both, the right way
// round. A changing route that this file does not know fails.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Test } from 'supertest';
import { dayAhead, timeAhead } from '../support/days.ts';
import { sendDirectly } from '../support/direct-upload.ts';
import type { FakeAcuity } from '../support/fakes/acuity.ts';
import { openMatrixFixture, type MatrixFixture } from '../support/matrix-fixture.ts';
import { isChanging, mountedRoutes } from '../support/routes.ts';
import { bookingBody } from '../support/builders/booking-request.ts';

/** Refused while acting, or about nobody's session; the matrix holds these to it. */
const withoutAttribution =
  /^post \/(sign-in|sign-out|session|api\/auth|account|admin|automation|webhooks|search|specialists\/:id\/(cv|photo)|bookings\/search|bookings\/:id\/(progress|notes|messages\/answered)|documents\/:id\/(release|recall))(\/|$)/;

const tenths = [timeAhead(10, 1), timeAhead(10, 2), timeAhead(10, 3), timeAhead(10)] as const;

interface Scenario {
  /** What it is done to: Rita's own. */
  onto?: (fixture: MatrixFixture) => Promise<string>;
  /** As Ada acting as Rita. */
  go: (fixture: MatrixFixture, onto: string) => Promise<unknown>;
  /** Where it leaves a name that was not there before: columns, and words of the log. */
  leaves: string[];
  /** Of these, what the system writes as a consequence, in nobody's name. */
  bySystem?: string[];
}

const html = (request: Test): Test => request.set('Accept', 'text/html').type('form');
const large = Buffer.from('A large brief.\n');
/** Another file each time: one that is sent again is gone on with. */
const begin = (fixture: MatrixFixture, fileName: string) =>
  sendDirectly(
    { rita: fixture.agents.rita, bookingId: fixture.bookingId },
    large,
    { fileName },
    fixture.agents.acting,
  );

/** An open offer to Rita, who waits for the specialist, or with her booking. */
async function anOffer({ app, bookingId, userIds }: MatrixFixture, isForBooking: boolean): Promise<string> {
  const { db } = app;
  const specialist = await app.system.services.specialists.findByCalendar(7001);
  const waiting = await db('wait_entries')
    .where({ created_by_id: userIds.rita, state: 'waiting', booking_id: isForBooking ? bookingId : null })
    .first('id');
  const id = randomUUID();
  await db('wait_offers').insert({
    id,
    entry_id: waiting!.id,
    specialist_id: specialist!.id,
    type: 'in_person',
    starts_at: new Date(tenths[3]),
    duration_minutes: 60,
    state: 'open',
    expires_at: db.raw(`clock_timestamp() + interval '10 minutes'`),
  });
  return id;
}

/** In this order: the last takes the booking away. */
const scenarios: Record<string, Scenario> = {
  'post /bookings/new': {
    go: async ({ app, agents }) => {
      const specialist = await app.system.services.specialists.findByCalendar(7001);
      const order = { specialistId: specialist?.id, type: 'in_person' };
      await html(agents.acting.post('/bookings/new')).send(order).expect(303);
    },
    leaves: ['booking_drafts.owner_id'],
  },
  'post /bookings/new/:draftId/time': {
    go: async (fixture) =>
      html(fixture.agents.acting.post(await fixture.fill('/bookings/new/:draftId/time')))
        .send({ day: dayAhead(1), startsAt: tenths[0] })
        .expect(303),
    leaves: [],
  },
  'post /bookings/new/:draftId/examinee': {
    go: async (fixture) =>
      html(fixture.agents.acting.post(await fixture.fill('/bookings/new/:draftId/examinee')))
        .send({
          firstName: 'Ewan',
          lastName: 'Marsh',
          phone: '0412 345 678',
        })
        .expect(303),
    leaves: [],
  },
  'post /bookings': {
    go: async ({ app, agents }) => {
      const specialist = await app.system.services.specialists.findByCalendar(7001);
      const order = bookingBody(specialist?.id, tenths[1]);
      await agents.acting.post('/bookings').send(order).expect(201);
    },
    leaves: [
      'booking_attempts.created_by_id',
      'booking_progress.changed_by_id',
      'bookings.created_by_id',
      'booking.created',
    ],
  },
  'post /bookings/:id/reschedule': {
    go: ({ agents, bookingId }) =>
      agents.acting.post(`/bookings/${bookingId}/reschedule`).send({ startsAt: tenths[2] }).expect(200),
    leaves: ['booking_attempts.created_by_id', 'booking_progress.changed_by_id', 'booking.rescheduled'],
  },
  'post /bookings/:id/documents': {
    go: ({ agents, bookingId }) =>
      agents.acting
        .post(`/bookings/${bookingId}/documents`)
        .field('category', 'brief')
        .attach('files', Buffer.from('A brief.\n'), 'brief.txt')
        .expect(201),
    leaves: ['documents.uploaded_by_id', 'document.uploaded'],
  },
  // Of a large file, what is recorded is its last step; until then it is kept for whoever sends it.
  'post /bookings/:id/documents/uploads': {
    go: (fixture) => begin(fixture, 'begun.txt'),
    leaves: ['direct_uploads.user_id'],
  },
  'post /bookings/:id/documents/uploads/:uploadId/parts': {
    go: async (fixture) => (await begin(fixture, 'offered.txt')).offer(1),
    leaves: ['direct_uploads.user_id'],
  },
  'post /bookings/:id/documents/uploads/:uploadId/complete': {
    go: async (fixture) => {
      const upload = await begin(fixture, 'large.txt');
      await upload.send();
      await upload.finish();
    },
    leaves: ['direct_uploads.user_id', 'documents.uploaded_by_id', 'document.uploaded'],
  },
  'delete /bookings/:id/documents/uploads/:uploadId': {
    go: async (fixture) => (await begin(fixture, 'cancelled.txt')).cancel().expect(204),
    leaves: ['direct_uploads.user_id', 'document.refused'],
  },
  'post /documents/:id/category': {
    onto: (fixture) => fixture.aDocument(),
    go: ({ agents }, id) =>
      html(agents.acting.post(`/documents/${id}/category`))
        .type('form')
        .send({ seen: 'consent_form', category: 'other' })
        .expect(303),
    leaves: ['record.changed'],
  },
  'post /documents/:id/delete': {
    onto: (fixture) => fixture.aDocument(),
    go: ({ agents }, id) => html(agents.acting.post(`/documents/${id}/delete`)).expect(303),
    leaves: ['documents.deleted_by_id', 'document.deleted'],
  },
  'delete /documents/:id': {
    onto: (fixture) => fixture.aDocument(),
    go: ({ agents }, id) => agents.acting.delete(`/documents/${id}`).expect(204),
    leaves: ['documents.deleted_by_id', 'document.deleted'],
  },
  'post /bookings/:id/contacts': {
    go: async ({ app, agents, bookingId }) => {
      const rob = await app.db('users').where({ email: 'rob@harbour-legal.example' }).first('id');
      const contacts = [{ userId: rob!.id, role: 'solicitor' }];
      await agents.acting.post(`/bookings/${bookingId}/contacts`).send({ contacts }).expect(200);
    },
    leaves: ['booking_contacts.created_by_id', 'booking.edited'],
  },
  'post /bookings/:id/messages': {
    go: ({ agents, bookingId }) =>
      agents.acting.post(`/bookings/${bookingId}/messages`).send({ text: 'Hello' }).expect(201),
    leaves: ['booking_messages.created_by_id', 'message.sent'],
  },
  'post /bookings/:id/instructions': {
    onto: async ({ app, bookingId }) => {
      await app.db('bookings').where({ id: bookingId }).update({ examinee_email: 'ewan@example.com' });
      return bookingId;
    },
    go: ({ agents }, id) => html(agents.acting.post(`/bookings/${id}/instructions`)).expect(303),
    leaves: ['instructions.sent'],
  },
  'post /bookings/:id/again': {
    go: ({ agents, bookingId }) =>
      html(agents.acting.post(`/bookings/${bookingId}/again`))
        .send({ with: 'same' })
        .expect(303),
    leaves: ['booking_drafts.owner_id', 'booking.viewed'],
  },
  'post /wait-list': {
    go: async ({ app, agents }) => {
      const specialist = await app.system.services.specialists.findByCalendar(7001);
      await html(agents.acting.post('/wait-list'))
        .send({ specialistId: specialist?.id, type: 'in_person', before: dayAhead(13) })
        .expect(303);
    },
    leaves: ['wait_entries.created_by_id', 'record.changed'],
  },
  'post /wait-list/offers/:id/decline': {
    onto: (fixture) => anOffer(fixture, false),
    go: ({ agents }, id) => html(agents.acting.post(`/wait-list/offers/${id}/decline`)).expect(303),
    leaves: ['record.changed'],
  },
  'post /wait-list/:id/leave': {
    onto: async ({ app, userIds }) =>
      (await app.db('wait_entries').where({ created_by_id: userIds.rita }).first('id'))!.id,
    go: ({ agents }, id) => html(agents.acting.post(`/wait-list/${id}/leave`)).expect(303),
    leaves: ['record.changed'],
  },
  'post /bookings/:id/wait-list': {
    go: ({ agents, bookingId }) => html(agents.acting.post(`/bookings/${bookingId}/wait-list`)).expect(303),
    leaves: ['wait_entries.created_by_id', 'record.changed'],
  },
  'post /wait-list/offers/:id/accept': {
    onto: (fixture) => anOffer(fixture, true),
    go: ({ agents }, id) => html(agents.acting.post(`/wait-list/offers/${id}/accept`)).expect(303),
    leaves: [
      'booking_attempts.created_by_id',
      'booking_progress.changed_by_id',
      'booking.rescheduled',
      'record.changed',
    ],
    // The wait-list reads from the booking that its entry is over.
    bySystem: ['record.changed'],
  },
  'post /bookings/:id/cancel': {
    go: ({ agents, bookingId }) =>
      agents.acting.post(`/bookings/${bookingId}/cancel`).send({ reason: 'Not needed' }).expect(200),
    leaves: ['booking_attempts.created_by_id', 'booking_progress.changed_by_id', 'booking.cancelled'],
  },
};

/** Columns that name whose something is, and nobody beside. */
const owners: Record<string, [table: string, column: string]> = {
  'booking_drafts.owner_id': ['booking_drafts', 'owner_id'],
  'direct_uploads.user_id': ['direct_uploads', 'user_id'],
};

/** By row and column: each pair of "by" and "for" in the database, whatever tables there are, and the log. */
async function namesIn({ app }: MatrixFixture): Promise<Map<string, { where: string; names: string }>> {
  const pairs = (await app
    .db('information_schema.columns as one')
    .join('information_schema.columns as other', (on) => {
      on.on('other.table_name', 'one.table_name').andOn(
        app.db.raw(`other.column_name = regexp_replace(one.column_name, '_by_id$', '_for_id')`),
      );
    })
    .whereLike('one.column_name', '%\\_by\\_id')
    .whereRaw('one.table_schema = current_schema() and other.table_schema = current_schema()')
    .select({ table: 'one.table_name', by: 'one.column_name', beside: 'other.column_name' })) as {
    table: string;
    by: string;
    beside: string;
  }[];
  expect(pairs.map(({ table, by }) => `${table}.${by}`)).to.include('bookings.created_by_id');
  const alone = Object.values(owners).map(([table, by]) => ({ table, by, beside: null }));
  const found = new Map<string, { where: string; names: string }>();
  for (const { table, by, beside } of [...pairs, ...alone]) {
    const rows = (await app
      .db(table)
      .whereNotNull(by)
      .select({ id: 'id', by, ...(beside && { beside }) })) as { id: string; by: string; beside?: string }[];
    for (const row of rows)
      found.set(`${table} ${by} ${row.id}`, {
        where: `${table}.${by}`,
        names: `${row.by} ${row.beside ?? null}`,
      });
  }
  for (const row of await app.db('audit_log').select('id', 'action', 'actor_id', 'acting_as_id'))
    found.set(`log ${row.id}`, { where: row.action, names: `${row.actor_id} ${row.acting_as_id}` });
  return found;
}

describe('a change made while acting', function () {
  this.timeout(60_000);
  let fixture: MatrixFixture;
  before(async () => {
    fixture = await openMatrixFixture();
    (fixture.app.system.services.acuity as FakeAcuity).offer(7001, ...tenths);
  });
  after(() => fixture.close());

  it('covers every changing route', () => {
    const changing = mountedRoutes(fixture.app.system.app).filter(
      (route) => isChanging(route) && !withoutAttribution.test(route),
    );
    expect(Object.keys(scenarios).toSorted()).to.deep.equal(changing.toSorted());
  });

  for (const [route, { go, leaves, bySystem = [] }] of Object.entries(scenarios)) {
    it(`by ${route} names the referrer, and the admin as acting, in ${leaves.join(', ') || 'nothing'}`, async () => {
      const onto = (await scenarios[route]?.onto?.(fixture)) ?? '';
      const before = await namesIn(fixture);
      await go(fixture, onto);
      const left = [...(await namesIn(fixture))].filter(
        ([row, { names }]) => before.get(row)?.names !== names,
      );
      expect([...new Set(left.map(([, { where }]) => where))].toSorted()).to.deep.equal(leaves.toSorted());
      const { rita, admin } = fixture.userIds;
      for (const [, { where, names }] of left) {
        // Of the log the other way round: who was at the keyboard comes first.
        const isAuditRow = /^(booking|document|message|instructions|record)\./.test(where);
        const inTheirNames = isAuditRow
          ? `${admin} ${rita}`
          : where in owners
            ? `${rita} null`
            : `${rita} ${admin}`;
        expect(names, where).to.equal(bySystem.includes(where) ? 'null null' : inTheirNames);
      }
    });
  }

  it('is listed on the episode’s page, with every page view and no input', async () => {
    const { app, agents, bookingId } = fixture;
    await agents.acting.get(`/bookings/${bookingId}`).set('Accept', 'text/html').expect(200);
    await agents.acting.get('/bookings?q=Marsh').set('Accept', 'text/html');
    await agents.acting.get('/bookings/Ewan%20Marsh').set('Accept', 'text/html').expect(404);
    await agents.acting.get('/admin/episodes').set('Accept', 'text/html').expect(403);
    const { id } = (await app.db('impersonations').first('id')) as { id: string };
    const page = await agents.admin.get(`/admin/episodes/${id}`).set('Accept', 'text/html').expect(200);
    expect(page.text)
      .to.contain('Page: Booking')
      .and.contain(`/bookings/${bookingId}`)
      .and.contain('Booking cancelled')
      .and.contain('Document deleted')
      .and.not.contain('Marsh');
    const seen = await app.db('impersonation_views').orderBy('id').pluck('path');
    expect(seen.slice(-3)).to.deep.equal([`/bookings/${bookingId}`, '/bookings', '/bookings/:id']);
    const removed = await app
      .db('impersonation_views')
      .delete()
      .then(
        () => 'removed',
        (error: { code?: string }) => error.code,
      );
    expect(removed).to.equal('23001');
  });

  it('is refused on the referrer’s own account, whatever the letter case of the URL', async () => {
    for (const path of ['/account', '/Account/Password', '/ACCOUNT/email/some-token', '/account/forgotten'])
      await fixture.agents.acting.get(path).expect(403);
  });

  it('is refused as soon as the admin loses the role, and the end is audited', async () => {
    const { app, userIds } = fixture;
    await app.db.transaction(async (trx) => {
      await trx('users').where({ id: userIds.admin }).update({ role: 'support' });
    });
    const [episode] = await app.db('impersonations').select('end_reason');
    expect(episode).to.deep.equal({ end_reason: 'session_ended' });
    const ended = await app.db('audit_log').where({ action: 'impersonation.ended' });
    expect(ended).to.have.length(1);
    await fixture.agents.acting.get('/bookings').expect(401);
  });

  it('is refused after 30 minutes without a request', async () => {
    const { app, userIds } = fixture;
    await app.db('users').where({ id: userIds.admin }).update({ role: 'admin' });
    fixture.agents.acting = await fixture.enter('acting');
    expect(await app.system.services.impersonation.endIdle()).to.equal(0);
    await app
      .db('sessions')
      .whereNotNull('impersonated_by')
      .update({ last_seen_at: new Date(Date.now() - 31 * 60_000) });
    expect(await app.system.services.impersonation.endIdle()).to.equal(1);
    const [newest] = await app.db('impersonations').orderBy('started_at', 'desc').select('end_reason');
    expect(newest).to.deep.equal({ end_reason: 'idle' });
  });
});
