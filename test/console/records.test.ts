// What the console's records lead to, its morning page, and what admins make there.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { aBookingOf, personOf } from '../support/console-records.ts';
import { acuityDown, createFakeAcuity, type FakeAcuity } from '../support/fakes/acuity.ts';
import { confirm, formAddress, openedIn, openForm, sendForm } from '../support/console-form.ts';
import { timeAhead } from '../support/days.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { aDriftReport } from '../support/builders/drift-report.ts';

interface Listed {
  records: { id: string; params: Record<string, unknown> }[];
  meta: { total: number };
}
describe('the console’s records', () => {
  let app: TestApp;
  let acuity: FakeAcuity;
  let ada: Agent;
  let sam: Agent;
  let bookingId: string;
  before(async () => {
    acuity = createFakeAcuity();
    app = await startTestApp({ overrides: { acuity } });
    ada = await app.signIn('ada@examdesk.example');
    sam = await app.signIn('sam@examdesk.example');
    const { db } = app;
    const specialist = await db('specialists').where({ acuity_calendar_id: 7001 }).first('id');
    const rita = await db('users').where({ email: 'rita@harbour-legal.example' }).first('id');
    bookingId = randomUUID();
    await db('bookings').insert({
      id: bookingId,
      reference: 'EX-7K3M9Q',
      acuity_appointment_id: 880_001,
      specialist_id: specialist!.id,
      created_by_id: null,
      source: 'acuity_direct',
      details_needed: true,
      examinee_first_name: 'Ewan',
      examinee_last_name: 'Marsh',
      examinee_phone: '+61412345678',
      starts_at: new Date(timeAhead(10)),
      duration_minutes: 60,
      type: 'in_person',
      timezone: 'Australia/Sydney',
    });
    await db('documents').insert(
      [1, 2].map((n) => ({
        id: randomUUID(),
        booking_id: bookingId,
        category: 'brief',
        file_name: `${n}.txt`,
        mime_type: 'text/plain',
        size_bytes: 4,
        sha256: 'a'.repeat(64),
        chunk_bytes: 4,
        chunk_sha256: Buffer.alloc(32),
        status: 'infected',
        s3_key: `documents/${n}`,
        scanned_at: new Date(),
        uploaded_by_id: rita!.id,
        deleted_at: n === 1 ? new Date() : null,
      })),
    );
    const reports = [randomUUID(), randomUUID()];
    for (const [at, id] of reports.entries()) {
      const started_at = new Date(Date.UTC(2026, 10, 20 + at));
      const finished_at = new Date(Date.UTC(2026, 10, 21 + at));
      await aDriftReport(db, { id, started_at, finished_at });
      await db('drift_items').insert({
        id: randomUUID(),
        report_id: id,
        appointment_id: 880_001,
        booking_id: bookingId,
        difference: 'details',
        state: 'left',
        announced: true,
        found_at: finished_at,
        superseded: at === 0,
      });
    }
    for (const [at, repaired] of [false, true, false].entries()) {
      const day = new Date(Date.UTC(2026, 10, 20 + at));
      await db('custody_reports').insert({
        id: randomUUID(),
        started_at: day,
        finished_at: day,
        rows_checked: 2,
        objects_checked: 2,
        findings: JSON.stringify([{ kind: 'damaged', documentId: randomUUID(), repaired }]),
      });
    }
    await db('emails').insert({
      id: randomUUID(),
      kind: 'booking_confirmation',
      dedupe_key: 'x',
      recipient: 'rita@harbour-legal.example',
      booking_id: bookingId,
      status: 'failed',
      attempts: 8,
      last_error: 'ETIMEDOUT',
    });
  });
  after(() => app.close());

  const list = async (agent: Agent, table: string, query = ''): Promise<Listed> =>
    (await agent.get(`/admin/api/resources/${table}/actions/list${query}`).expect(200)).body as Listed;

  it('have as many entries in a list as the first page counts', async () => {
    for (const agent of [ada, sam]) {
      const { body } = (await agent.get('/admin/api/dashboard').expect(200)) as {
        body: { attention: { label: string; count: number; href: string | null }[] };
      };
      for (const { label, count, href } of body.attention) {
        const [, table, query = ''] = /^\/admin\/resources\/([\w-]+)(\?.*)$/.exec(href ?? '') ?? [];
        // Of no list: nobody works jobs here.
        if (!table) continue;
        expect((await list(agent, table, query)).meta.total, label).to.equal(count);
      }
      const counts = Object.fromEntries(body.attention.map(({ label, count }) => [label, count]));
      expect(counts).to.include({
        'Bookings without a referrer': 1,
        'Bookings with missing details': 1,
        'E-mails that failed': 1,
        // Deleted, found again by a later look, repaired since: none of these waits for anybody.
        'Infected files': 1,
        'Differences from Acuity': 1,
        'Damaged or missing files': 1,
      });
    }
  });

  it('tell how many examinations have late documents, and lead to them', async () => {
    const lateness = async () => {
      const { body } = (await sam.get('/admin/api/dashboard').expect(200)) as {
        body: { attention: { label: string; count: number; href: string | null }[] };
      };
      return body.attention.find(({ label }) => label === 'Examinations with late documents');
    };
    const before = (await lateness())?.count ?? 0;
    const id = await aBookingOf(app.db, 'rita', {
      acuity_appointment_id: 881_000,
      starts_at: new Date(Date.now() + 20 * 3_600_000),
    });
    expect(await lateness()).to.include({ count: before + 1, href: '/admin/paperwork' });
    await app.database
      .owner('bookings')
      .where({ id })
      .update({ status: 'cancelled', current_progress: 'cancelled' });
    expect((await lateness())?.count ?? 0).to.equal(before);
  });

  it('say that late documents are being worked out again while a changed rule is applied', async () => {
    const noticed = async () => {
      const { body } = (await sam.get('/admin/api/dashboard').expect(200)) as {
        body: { attention: { label: string; href: string | null }[] };
      };
      return body.attention.filter(({ label }) =>
        label.startsWith('Examinations with late documents, being'),
      );
    };
    expect(await noticed()).to.deep.equal([]);
    const { owner } = app.database;
    await owner('paperwork_refreshes').insert({ starts_at: new Date(), booking_id: randomUUID() });
    try {
      const [notice] = await noticed();
      expect(notice).to.include({
        label: 'Examinations with late documents, being worked out again',
        href: '/admin/paperwork',
      });
    } finally {
      await owner('paperwork_refreshes').delete();
    }
  });

  it('of bulk actions say how many records were done, skipped and left', async () => {
    const { id: made_by_id } = await personOf(app.db, 'sam');
    const id = randomUUID();
    const day = new Date('2026-11-02T00:00:00Z');
    const { owner } = app.database;
    await owner('bulk_actions').insert({
      id,
      kind: 'emails/send-again',
      made_by_id,
      state: 'stopped',
      begun_at: day,
      ended_at: day,
    });
    const states = ['done', 'done', 'done', 'skipped', 'waiting', 'waiting'] as const;
    await owner('bulk_items').insert(
      states.map((state, place) => ({
        bulk_action_id: id,
        place,
        record_id: randomUUID(),
        seen: 'x',
        state,
        reason: state === 'skipped' ? 'It is queued already' : null,
      })),
    );
    const [listed] = (await list(sam, 'bulk-actions', '?filters.done=3')).records;
    expect(listed?.params).to.include({ id, done: 3, skipped: 1, waiting: 2 });
  });

  it('link a name to its record', async () => {
    const { records } = await list(ada, 'documents');
    expect(records[0]?.params).to.include({ booking: 'EX-7K3M9Q', 'booking to': `bookings/${bookingId}` });
    for (const table of ['bookings', 'documents', 'drift-items', 'emails', 'services', 'users', 'audit']) {
      for (const { params } of (await list(ada, table)).records) {
        const leads = Object.entries(params).filter(
          ([name, to]) => name.endsWith(' to') && typeof to === 'string',
        );
        for (const [name, to] of leads) {
          const [resource, id] = String(to).split('/');
          const { status } = await ada.get(`/admin/api/resources/${resource}/records/${id}/show`);
          expect(status, `${table} ${name}`).to.equal(200);
        }
      }
    }
  });

  it('show sizes in words, and are filtered and exported by bytes', async () => {
    const { records } = await list(ada, 'documents', '?filters.sizeBytes=4');
    expect(records.map(({ params }) => params.sizeBytes)).to.deep.equal(['4 bytes', '4 bytes']);
    const { text } = await ada.get('/admin/export/documents').expect(200);
    expect(text).to.match(/,4,/).and.not.contain('4 bytes');
  });

  it('refuse filters and sorting by the link of a name', async () => {
    const address = '/admin/api/resources/documents/actions/list';
    await ada.get(address).query({ 'filters.booking to': 'x' }).expect(400);
    await ada.get(address).query({ sortBy: 'booking to' }).expect(400);
  });

  it('are read once for the gate and AdminJS', async () => {
    const { db } = app.system.services;
    const reads: string[] = [];
    const note = ({ sql }: { sql: string }) =>
      sql.includes('from bookings b left join specialists') && reads.push(sql);
    db.on('query', note);
    await sam.get(`/admin/api/resources/bookings/records/${bookingId}/show`).expect(200);
    db.off('query', note);
    expect(reads).to.have.length(1);
  });

  it('show who sent an e-mail again, and its state before', async () => {
    const { id } = (await app.db('emails').first('id')) as { id: string };
    const rita = await personOf(app.db, 'rita');
    await app
      .db('bookings')
      .where({ id: bookingId })
      .update({ created_by_id: rita.id, organization_id: rita.organizationId });
    await confirm(sam, formAddress('emails', id, 'send-again'), 200);
    const { body } = await sam.get(`/admin/api/resources/emails/records/${id}/show`).expect(200);
    const [again] = JSON.parse(body.record.params.sentAgain as string) as { by: string; before: object }[];
    expect(again?.by).to.equal('Sam Whitlock');
    expect(again?.before).to.deep.equal({ status: 'failed', sentAt: null, attempts: 8 });
  });

  it('are audited when staff are refused', async () => {
    const before = await app.db('audit_log').where({ action: 'access.denied' });
    await sam.get('/admin/api/resources/audit/actions/list').expect(403);
    const deactivate = formAddress('users', randomUUID(), 'deactivate');
    await sendForm(sam, deactivate, { version: '', values: {} }).expect(403);
    const rows = (await app
      .db('audit_log')
      .where({ action: 'access.denied' })
      .orderBy('id')
      .offset(before.length)) as { outcome: string; metadata: { address: string } }[];
    expect(rows.map((row) => [row.outcome, row.metadata.address])).to.deep.equal([
      ['denied', '/admin/api/resources/audit/actions/list'],
      ['denied', '/admin/api/resources/users/records/:id/deactivate'],
    ]);
  });

  describe('of specialists', () => {
    const ines = {
      calendarId: '7009',
      name: 'Dr Ines Roy',
      title: '',
      specialty: 'Neurology',
      location: '',
      position: '10',
      isActive: true,
      in_person: '',
      telehealth: '99',
    };
    const add = (values: object, agent = ada) =>
      sendForm(agent, formAddress('specialists', null), { version: '', values });

    it('are added from an unused calendar of Acuity, and can be booked', async () => {
      const { fields } = await openForm(ada, formAddress('specialists', null));
      const calendars = fields.find(({ name }) => name === 'calendarId')?.options?.map(({ value }) => value);
      expect(calendars).to.deep.equal(['', '7009']);
      const type = fields
        .find(({ name }) => name === 'telehealth')
        ?.options?.find(({ value }) => value === '99');
      expect(type).to.deep.include({ only: { for: 'calendarId', values: ['7009'] } });
      expect(type?.label).to.match(/\(45 min\), on /);
      const added = await add(ines).expect(200);
      const { body } = await ada.get('/specialists').query({ q: 'Ines' }).expect(200);
      const itsRecord = `/admin/resources/specialists/records/${body.specialists[0].id}/show`;
      expect(added.body.redirectUrl).to.equal(itsRecord);
      expect(body.specialists[0]).to.deep.include({
        name: 'Dr Ines Roy',
        specialty: 'Neurology',
        location: null,
        timezone: 'Australia/Hobart',
        types: ['telehealth'],
      });
      const service = await app.db('specialist_services').where({ acuity_appointment_type_id: 99 }).first();
      expect(service?.duration_minutes).to.equal(45);
      const [audited] = await app.db('audit_log').where({ resource_id: body.specialists[0].id });
      expect(audited).to.deep.include({ action: 'record.changed', metadata: { columns: ['added'] } });
    });

    it('are refused with what to do, and nothing is written', async () => {
      const paths: [object, string][] = [
        [ines, 'calendarId'],
        [{ ...ines, calendarId: '12345' }, 'calendarId'],
        [{ ...ines, calendarId: '' }, 'calendarId'],
        [{ ...ines, name: '' }, 'name'],
        [{ ...ines, telehealth: '' }, 'in_person'],
        [{ ...ines, telehealth: '98' }, 'telehealth'],
        [{ ...ines, in_person: '99' }, 'location'],
        ...['', ' ', null, true, [], {}, '1.5', -1, '1e3', 10_001].map((position): [object, string] => [
          { ...ines, position },
          'position',
        ]),
        [{ ...ines, telehealth: true }, 'telehealth'],
        [{ ...ines, calendarId: ['7009'] }, 'calendarId'],
      ];
      const count = await app.db('specialists').pluck('id');
      for (const [values, path] of paths) {
        const { body } = await add(values).expect(422);
        expect(body.errors[0].path).to.equal(path);
      }
      await add(ines, sam).expect(403);
      expect(await app.db('specialists').pluck('id')).to.deep.equal(count);
    });

    it('offer the appointment types an admin chose, and answer 409 after somebody else’s change', async () => {
      const { id } = (await app.db('specialists').where({ acuity_calendar_id: 7009 }).first('id')) as {
        id: string;
      };
      const address = formAddress('specialists', id);
      const seen = await openForm(ada, address);
      const offered = seen.fields
        .find(({ name }) => name === 'in_person')
        ?.options?.map(({ value }) => value);
      expect(offered, 'the types of the calendar').to.deep.equal(['', '99']);
      await app.db('specialists').where({ id }).update({ location: '1 Murray Street, Hobart' });
      const values = { in_person: '99', telehealth: '' };
      const stale = await sendForm(ada, address, { version: seen.version, values }).expect(409);
      expect(stale.body.errors, 'nobody else changed the services').to.deep.equal([]);
      expect(openedIn(stale.body).values).to.include({ location: '1 Murray Street, Hobart' });
      await sendForm(ada, address, { version: stale.body.version as string, values }).expect(200);
      expect(await app.db('specialist_services').where({ specialist_id: id }).pluck('type')).to.deep.equal([
        'in_person',
      ]);
    });

    it('keep their location while they offer examinations in person, and cannot offer them without one', async () => {
      const { id } = (await app.db('specialists').where({ acuity_calendar_id: 7009 }).first('id')) as {
        id: string;
      };
      const change = async (location: string) => {
        const { version, values } = await openForm(ada, formAddress('specialists', id));
        const edited = { version, values: { ...values, location } };
        return sendForm(ada, formAddress('specialists', id), edited);
      };
      const offer = async (in_person: string, telehealth: string) => {
        const address = formAddress('specialists', id);
        const { version } = await openForm(ada, address);
        return sendForm(ada, address, { version, values: { in_person, telehealth } });
      };
      const refused = await change(' ');
      expect([refused.status, refused.body.errors[0].path]).to.deep.equal([422, 'location']);
      const neither = await offer('', '');
      expect([neither.status, neither.body.errors[0].path]).to.deep.equal([422, 'in_person']);
      expect((await offer('', '99')).status).to.equal(200);
      expect((await change('')).status).to.equal(200);
      const withoutPlace = await offer('99', '99');
      expect([withoutPlace.status, withoutPlace.body.errors[0].path]).to.deep.equal([422, 'location']);
    });

    it('are edited while Acuity is away, but for what can be booked', async () => {
      const { id } = (await app.db('specialists').where({ acuity_calendar_id: 7009 }).first('id')) as {
        id: string;
      };
      const address = formAddress('specialists', id);
      acuity.failWith(acuityDown);
      const { version, intro, fields } = await openForm(ada, address);
      expect(intro).to.contain('It cannot be reached now');
      expect(fields.map(({ name }) => name)).to.not.include('telehealth');
      const { body } = await sendForm(ada, address, { version, values: { in_person: '99' } }).expect(503);
      expect(body.code).to.equal('acuity_unavailable');
      await sendForm(ada, address, { version, values: { title: 'Prof.' } }).expect(200);
      acuity.recover();
      const services = await app.db('specialist_services').where({ specialist_id: id }).pluck('type');
      expect(services).to.deep.equal(['telehealth']);
    });

    it('take from a form only the fields it has', async () => {
      const { id } = (await app.db('specialists').where({ acuity_calendar_id: 7009 }).first('id')) as {
        id: string;
      };
      const { version, values } = await openForm(ada, formAddress('specialists', id));
      const before = await app.db('specialists').where({ id }).first();
      const more = {
        id: randomUUID(),
        user_id: randomUUID(),
        acuity_calendar_id: 1,
        acuityCalendarId: 1,
        timezone: 'UTC',
        updated_at: null,
        is_active: false,
      };
      const edited = { version, values: { ...values, ...more } };
      await sendForm(ada, formAddress('specialists', id), edited).expect(200);
      expect(await app.db('specialists').where({ id }).first()).to.deep.equal(before);
    });

    it('answer 503 with Retry-After when Acuity is away', async () => {
      acuity.failWith(acuityDown);
      await ada.get(formAddress('specialists', null)).expect(503);
      await add({ ...ines, calendarId: '7010' }).expect(503);
      acuity.recover();
    });
  });
});
