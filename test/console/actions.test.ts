// The console's actions, asked past its buttons: what they refuse, what they write down, and what they say.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { createJobHandlers } from '../../src/jobs/index.ts';
import { aBookingOf, anEmailAbout, personOf } from '../support/console-records.ts';
import { acuityDown, createFakeAcuity, type FakeAcuity } from '../support/fakes/acuity.ts';
import { confirm, formAddress, openForm, openedIn, sendForm } from '../support/console-form.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { dayFromToday } from '../support/days.ts';

describe('the console’s actions', () => {
  let app: TestApp;
  let acuity: FakeAcuity;
  let ada: Agent;
  let sam: Agent;
  before(async () => {
    acuity = createFakeAcuity();
    app = await startTestApp({ overrides: { acuity } });
    ada = await app.signIn('ada@examdesk.example');
    sam = await app.signIn('sam@examdesk.example');
  });
  after(() => app.close());

  const reconcile = formAddress('drift-reports', null, 'reconcile');
  const rows = (where: Record<string, string>) => app.db('audit_log').where(where).orderBy('id');

  describe('are allowed only where the list shows and the record offers them', () => {
    it('refuse support to send an account e-mail again', async () => {
      const id = await anEmailAbout(app.db, await aBookingOf(app.db, 'rita'), {
        kind: 'password_changed',
        booking_id: null,
      });
      for (const agent of [sam, ada]) {
        await agent.get(formAddress('emails', id, 'send-again')).expect(404);
        await confirm(agent, formAddress('emails', id, 'send-again'), 404);
        await agent.get(`/admin/api/resources/emails/records/${id}/show`).expect(404);
      }
      await sam.get(`/admin/api/resources/account-emails/records/${id}/show`).expect(403);
      const { body } = await ada.get(`/admin/api/resources/account-emails/records/${id}/show`).expect(200);
      expect(body.record.params).to.include({ kind: 'password_changed', status: 'failed', isStuck: true });
    });

    it('refuse to run a job that never failed', async () => {
      const { rows: added } = await app.db.raw(
        `select id from graphile_worker.add_job('nobody.does-this', run_at := now() + interval '1 day')`,
      );
      await confirm(ada, formAddress('failed-jobs', String(added[0].id), 'run-again'), 404);
    });

    it('run a failed job again, and record who did', async () => {
      const { rows: added } = await app.db.raw(`select id from graphile_worker.add_job('nobody.does-this')`);
      const id = String(added[0].id);
      await app.db.raw(`select graphile_worker.permanently_fail_jobs(array[?::bigint], 'ETIMEDOUT')`, [id]);
      await confirm(sam, formAddress('failed-jobs', id, 'run-again'), 403);
      await confirm(ada, formAddress('failed-jobs', id, 'run-again'), 200);
      const { rows: jobs } = await app.db.raw('select attempts from graphile_worker.jobs where id = ?', [id]);
      expect(jobs).to.deep.equal([{ attempts: 0 }]);
      const [row] = await rows({ resource_type: 'job', resource_id: id });
      expect(row).to.deep.include({ action: 'record.changed', metadata: { change: 'run_again' } });
    });

    it('refuse another referrer for a booking that is over', async () => {
      const id = await aBookingOf(app.db, 'rita', { status: 'cancelled', current_progress: 'cancelled' });
      const nadia = await personOf(app.db, 'nadia');
      await ada.get(formAddress('bookings', id, 'assign')).expect(409);
      const { body } = await sendForm(ada, formAddress('bookings', id, 'assign'), {
        version: '1',
        values: { referrerId: nadia.id },
      }).expect(409);
      expect(body.detail).to.contain('Assign referrer');
      await ada.get(formAddress('bookings', id, 'move-on')).expect(409);
    });

    it('answer 404 for a record that does not exist', async () => {
      await ada.get(formAddress('users', randomUUID(), 'deactivate')).expect(404);
      await ada.get(formAddress('organizations', 'not-an-id')).expect(404);
    });
  });

  describe('the next one that needs attention', () => {
    it('is each in turn, then the first again, when all came at the same microsecond', async () => {
      const booking_id = await aBookingOf(app.db, 'rita');
      const { id: uploaded_by_id } = await personOf(app.db, 'rita');
      const ids = Array.from({ length: 3 }, () => randomUUID()).sort();
      await app.db('documents').insert(
        ids.map((id) => ({
          id,
          booking_id,
          uploaded_by_id,
          category: 'brief',
          file_name: `${id}.txt`,
          mime_type: 'text/plain',
          size_bytes: 4,
          sha256: 'a'.repeat(64),
          chunk_bytes: 4,
          chunk_sha256: Buffer.alloc(32),
          status: 'infected',
          s3_key: `documents/${id}`,
          scanned_at: new Date(),
          // A Date has no microseconds.
          created_at: app.db.raw(`'2026-11-20T10:00:00.123456Z'::timestamptz`),
        })),
      );
      for (const [at, id] of ids.entries()) {
        const { body } = await sam.get(`/admin/api/next/infected?after=${id}`).expect(200);
        expect(body).to.deep.include({
          href: `/admin/resources/documents/records/${ids[(at + 1) % 3]}/show?next=infected`,
          left: 2,
        });
      }
    });
  });

  describe('sending an e-mail again', () => {
    const sendAgain = (id: string, status: number) =>
      confirm(sam, formAddress('emails', id, 'send-again'), status);

    it('refuses a recipient who may no longer see the booking', async () => {
      const id = await aBookingOf(app.db, 'rita');
      const email = await anEmailAbout(app.db, id, { status: 'sent', sent_at: new Date() });
      const nadia = await personOf(app.db, 'nadia');
      await app
        .db('bookings')
        .where({ id })
        .update({ created_by_id: nadia.id, organization_id: nadia.organizationId });
      const { body } = await sendAgain(email, 409);
      expect(body.detail).to.match(/may no longer see the booking/);
      expect((await app.db('emails').where({ id: email }).first('status'))?.status).to.equal('sent');
    });

    it('refuses a deactivated recipient', async () => {
      const email = await anEmailAbout(app.db, await aBookingOf(app.db, 'rita'));
      const rita = { email: 'rita@harbour-legal.example' };
      await app.db('users').where(rita).update({ banned: true });
      await sendAgain(email, 409);
      expect((await app.db('emails').where({ id: email }).first('status'))?.status).to.equal('withheld');
      await app.db('users').where(rita).update({ banned: false });
      await sendAgain(email, 200);
      const changes = (await rows({ resource_id: email })).map(
        ({ metadata }) => (metadata as { change: string }).change,
      );
      expect(changes.slice(-2)).to.deep.equal(['withheld', 'sent_again']);
    });
  });

  describe('viewing a booking', () => {
    const views = async (id: string) => (await rows({ action: 'booking.viewed', resource_id: id })).length;

    it('writes one audit row a view, by record and by form', async () => {
      const id = await aBookingOf(app.db, 'rita');
      const api = `/admin/api/resources/bookings/records/${id}`;
      const addresses = ['show', 'edit', 'assign', 'move-on', 'reschedule', 'cancel'].map(
        (action) => `${api}/${action}`,
      );
      for (const [index, address] of addresses.entries()) {
        await sam.get(address).expect(200);
        expect(await views(id), address).to.equal(index + 1);
      }
    });

    it('writes no audit row for the page without data', async () => {
      const id = await aBookingOf(app.db, 'rita');
      for (const action of ['show', 'edit'])
        await sam
          .get(`/admin/resources/bookings/records/${id}/${action}`)
          .set('Accept', 'text/html')
          .expect(200);
      expect(await views(id)).to.equal(0);
    });
  });

  describe('reconciling', () => {
    it('runs as a job whose report exists at once and shows how it ended', async () => {
      await confirm(sam, reconcile, 403);
      await confirm(ada, reconcile, 200);
      await confirm(ada, reconcile, 409);
      const report = await app.db('drift_reports').first();
      expect(report).to.include({ kind: 'manual', state: 'running', fixes: true });
      const [row] = await rows({ resource_type: 'drift_report' });
      expect(row).to.include({ action: 'record.changed', resource_id: report?.id });
      const { body } = await ada.get(`/admin/api/resources/audit/records/${row?.id}/show`).expect(200);
      expect(body.record.params['resourceId to']).to.equal(`drift-reports/${report?.id}`);

      acuity.failWith(acuityDown);
      await runJob('resume_reconciliation');
      acuity.recover();
      const ended = await app.db('drift_reports').where({ id: report!.id }).first();
      expect(ended).to.include({ state: 'failed', last_error: 'acuity_unavailable' });
    });

    it('suggests all days when the near weeks do not cover what needs attention', async () => {
      const days = async () => (await openForm(ada, reconcile)).fields[0]?.value;
      const at = (hours: number) => new Date(Date.now() - hours * 3_600_000);
      const report = (kind: 'all' | 'near', hours: number, state: 'done' | 'failed') => ({
        id: randomUUID(),
        kind,
        fixes: true,
        state,
        started_at: at(hours),
        finished_at: at(hours),
        from_day: dayFromToday(-90),
        to_day: dayFromToday(400),
        next_day: dayFromToday(400),
      });
      await app.db('drift_reports').del();
      expect(await days()).to.equal('near');
      const nightly = report('all', 3, 'done');
      await app.db('drift_reports').insert(nightly);
      const left = (id: string, day: string) => ({
        id,
        report_id: nightly.id,
        appointment_id: 1,
        difference: 'missing_there' as const,
        state: 'left' as const,
        day,
        announced: false,
        found_at: at(3),
      });
      const item = randomUUID();
      await app.db('drift_items').insert(left(item, dayFromToday(2)));
      expect(await days()).to.equal('near');
      await app
        .db('drift_items')
        .where({ id: item })
        .update({ day: dayFromToday(-40) });
      expect(await days()).to.equal('all');
      await app.db('drift_items').del();
      // Where the job finds that Acuity does not know them: in the near weeks.
      await app.db('bookings').update({ starts_at: at(-24) });
      const failed = report('all', 2, 'failed');
      await app.db('drift_reports').insert([failed, report('near', 1, 'done')]);
      expect(await days()).to.equal('all');

      await sendForm(ada, reconcile, { version: '', values: { days: 'yesterday' } }).expect(422);
      await sendForm(ada, reconcile, { version: '', values: { days: 'all' } }).expect(200);
      await runJob('resume_reconciliation');
      const { body } = await ada
        .get(`/admin/api/resources/drift-reports/records/${failed.id}/show`)
        .expect(200);
      expect(body.record.params).to.include({ state: 'failed', needsAttention: false });
      expect(await days()).to.equal('near');
    });

    /** As the worker would: the handlers are the same. */
    async function runJob(name: string): Promise<void> {
      const { services } = app.system;
      const handlers = createJobHandlers({
        ...services,
        unassignedDigest: { write: () => Promise.resolve(0) },
        dailyDigest: { write: () => Promise.resolve(0) },
        unansweredDigest: { write: () => Promise.resolve(0) },
        reminders: { write: () => Promise.resolve(0) },
        paperworkReminders: { write: () => Promise.resolve(0) },
        emails: { send: () => Promise.resolve(), sweep: () => Promise.resolve(0) },
        sealAudit: () => Promise.resolve(0),
      });
      const { rows: jobs } = await app.db.raw(
        'select id from graphile_worker.jobs where task_identifier = ?',
        [name],
      );
      expect(jobs).to.have.length(1);
      await handlers.find((one) => one.name === name)?.run({});
      await app.db.raw('select graphile_worker.complete_jobs(array[?::bigint])', [jobs[0].id]);
    }
  });

  describe('answer 409 when somebody else has saved first', () => {
    it('changing progress', async () => {
      const id = await aBookingOf(app.db, 'rita');
      const seen = await openForm(sam, formAddress('bookings', id, 'move-on'));
      const values = { progress: 'no_show', notes: '', isCertain: true };
      await sendForm(ada, formAddress('bookings', id, 'move-on'), {
        ...seen,
        values: { progress: 'generating_report', isCertain: true },
      }).expect(200);
      const { body } = await sendForm(sam, formAddress('bookings', id, 'move-on'), {
        ...seen,
        values,
      }).expect(409);
      expect(body).to.include({ code: 'stale_version' });
      expect(body.errors).to.deep.equal([{ path: 'progress', message: 'Now: Report being written' }]);
    });

    it('changing an organisation', async () => {
      const { id } = (await app.db('organizations').where({ name: 'Northside Claims' }).first('id')) as {
        id: string;
      };
      const address = formAddress('organizations', id);
      const seen = await openForm(ada, address);
      const rename = (version: string, name: string) => sendForm(ada, address, { version, values: { name } });
      await rename(seen.version, 'Northside').expect(200);
      const { body } = await rename(seen.version, 'Northside Insurance').expect(409);
      expect(body.errors).to.deep.equal([{ path: 'name', message: 'Now: Northside' }]);
      await rename(body.version as string, 'Northside Claims').expect(200);
    });

    it('assigning, with the name of the current referrer', async () => {
      const id = await aBookingOf(app.db, null);
      const [rita, nadia] = [await personOf(app.db, 'rita'), await personOf(app.db, 'nadia')];
      const seen = await openForm(sam, formAddress('bookings', id, 'assign'));
      const assign = (agent: Agent, referrerId: string) =>
        sendForm(agent, formAddress('bookings', id, 'assign'), { ...seen, values: { referrerId } });
      await assign(ada, nadia.id).expect(200);
      const { body } = await assign(sam, rita.id).expect(409);
      expect(body.detail).to.match(/^Ada Lindqvist changed this record/);
      expect(body.errors[0]).to.deep.equal({
        path: 'referrerId',
        message: 'Now: Nadia Karim, Northside Claims',
      });
    });

    it('assigning only an organisation, which an admin corrects while there is no referrer', async () => {
      const id = await aBookingOf(app.db, null);
      const northside = await app.db('organizations').where({ name: 'Northside Claims' }).first('id');
      const harbour = await app.db('organizations').where({ name: 'Harbour Legal' }).first('id');
      const address = formAddress('bookings', id, 'assign-organization');
      const seen = await openForm(sam, address);
      const assign = (agent: Agent, version: string, organizationId: string) =>
        sendForm(agent, address, { version, values: { organizationId } });
      await assign(sam, seen.version, '').expect(422);
      await assign(sam, seen.version, northside?.id ?? '').expect(200);
      const { body } = await assign(ada, seen.version, harbour?.id ?? '').expect(409);
      expect(body.errors).to.deep.equal([{ path: 'organizationId', message: 'Now: Northside Claims' }]);
      const refused = await assign(sam, body.version as string, harbour?.id ?? '').expect(422);
      expect((refused.body.errors as { message: string }[])[0]?.message).to.contain('an admin can change it');
      await assign(ada, body.version as string, harbour?.id ?? '').expect(200);
      const { id: ritaId } = await personOf(app.db, 'rita');
      await app.db('bookings').where({ id }).update({ created_by_id: ritaId });
      await openForm(ada, address).then(
        () => expect.fail('A booking with a referrer is offered'),
        () => null,
      );
      const row = await app.db('bookings').where({ id }).first();
      expect(row).to.include({ organization_id: harbour?.id, version: 3 });
    });

    it('editing a booking, of which the page sends only what was changed in it', async () => {
      const id = await aBookingOf(app.db, 'rita');
      const address = formAddress('bookings', id);
      const seen = await openForm(sam, address);
      expect(seen.isPartial).to.equal(true);
      const edit = (agent: Agent, version: string, values: object) =>
        sendForm(agent, address, { version, values });
      await edit(ada, seen.version, { claimNumber: 'AB-1' }).expect(200);
      const { body } = await edit(sam, seen.version, { notes: 'Uses a wheelchair' }).expect(409);
      expect(body.detail).to.match(/^Ada Lindqvist changed this record/);
      // The page goes on with the newest values, and what was typed.
      expect(openedIn(body).values).to.include({ claimNumber: 'AB-1' }).and.not.have.property('notes');
      await edit(sam, body.version as string, { notes: 'Uses a wheelchair' }).expect(200);
      const row = await app.db('bookings').where({ id }).first();
      expect(row).to.include({ claim_number: 'AB-1', notes: 'Uses a wheelchair', version: 3 });
    });

    it('but not when the same values arrive twice, as after a lost answer', async () => {
      const id = await aBookingOf(app.db, null);
      const rita = await personOf(app.db, 'rita');
      for (const [action, values] of [
        ['edit', { notes: 'Uses a wheelchair' }],
        ['assign', { referrerId: rita.id }],
      ] as const) {
        const address = formAddress('bookings', id, action);
        const { version } = await openForm(sam, address);
        for (const _ of [1, 2]) await sendForm(sam, address, { version, values }).expect(200);
      }
      const edits = await app.db('audit_log').where({ resource_id: id, action: 'booking.edited' });
      expect(edits).to.have.length(2);
      const address = formAddress('bookings', id);
      const { version } = await openForm(sam, address);
      await sendForm(sam, address, { version, values: { notes: '' } }).expect(200);
      const own = await sendForm(sam, address, { version, values: { notes: 'Is deaf' } }).expect(409);
      expect(own.body.detail).to.match(/^You, perhaps in another tab, changed/);
      await sendForm(sam, address, { version, values: {} }).expect(409);
    });

    it('editing a specialist', async () => {
      const { id } = (await app.db('specialists').where({ acuity_calendar_id: 7001 }).first('id')) as {
        id: string;
      };
      const address = formAddress('specialists', id);
      const seen = await openForm(ada, address);
      const edit = (version: string, more: object) =>
        sendForm(ada, address, { version, values: { ...seen.values, ...more } });
      await edit(seen.version, { isActive: false }).expect(200);
      const { body } = await edit(seen.version, { title: 'Prof.' }).expect(409);
      // Nobody else changed the title.
      expect(body.errors).to.deep.equal([{ path: 'isActive', message: 'Now: no' }]);
      await edit(body.version as string, {}).expect(200);
    });
  });

  describe('check only what was changed', () => {
    const change = async (path: string, values: object) => {
      const { version } = await openForm(ada, path);
      return sendForm(ada, path, { version, values });
    };

    it('of an organisation whose name is older than the rules for names', async () => {
      const { id } = (await app.db('organizations').where({ name: 'Northside Claims' }).first('id')) as {
        id: string;
      };
      const path = formAddress('organizations', id);
      await app.db('organizations').where({ id }).update({ name: '<N>' });
      expect((await change(path, { name: '<N>', remindsExaminees: true })).status).to.equal(200);
      expect((await change(path, { remindsExaminees: false })).status).to.equal(200);
      expect(await app.db('organizations').where({ id }).first('name', 'reminds_examinees')).to.deep.equal({
        name: '<N>',
        reminds_examinees: false,
      });
      expect((await change(path, { name: '<M>' })).status).to.equal(422);
      expect((await change(path, { name: 'Northside\u00a0Claims\u200b' })).status).to.equal(200);
      expect(await app.db('organizations').where({ id }).first('name')).to.deep.equal({
        name: 'Northside Claims',
      });
    });

    it('of a specialist whose details are older than the rules for them', async () => {
      const { id } = (await app.db('specialists').where({ acuity_calendar_id: 7002 }).first('id')) as {
        id: string;
      };
      const path = formAddress('specialists', id);
      await app
        .db('specialists')
        .where({ id })
        .update({ name: 'X', title: 'y'.repeat(60) });
      const { values: shown } = await openForm(ada, path);
      expect((await change(path, { ...shown, position: '7' })).status).to.equal(200);
      expect((await change(path, { specialty: 'Neuro\u2010psychology' })).status).to.equal(200);
      expect(
        await app.db('specialists').where({ id }).first('name', 'title', 'specialty', 'position'),
      ).to.deep.equal({ name: 'X', title: 'y'.repeat(60), specialty: 'Neuro-psychology', position: 7 });
      const { body } = await change(path, { ...shown, name: 'Z' });
      expect(body.errors).to.deep.equal([{ path: 'name', message: 'Enter a name' }]);
    });
  });

  describe('assigning a referrer', () => {
    const assign = async (agent: Agent, id: string, referrerId: string) => {
      const { version } = await openForm(agent, formAddress('bookings', id, 'assign'));
      return sendForm(agent, formAddress('bookings', id, 'assign'), { version, values: { referrerId } });
    };

    it('finds referrers by part of their name, for staff only', async () => {
      const id = await aBookingOf(app.db, 'rita');
      const { fields } = await openForm(sam, formAddress('bookings', id, 'assign'));
      const rita = await personOf(app.db, 'rita');
      expect(fields[0]).to.deep.include({
        name: 'referrerId',
        type: 'search',
        value: rita.id,
        display: 'Rita Alvarez, Harbour Legal',
      });
      const source = String(fields[0]?.source);
      const { body } = await sam.get(source).query({ query: 'nadia' }).expect(200);
      const nadia = await personOf(app.db, 'nadia');
      expect(body.options[0].value).to.equal(nadia.id);
      expect(body.options[0].label).to.contain('Northside Claims');
      await sam.get(source).expect(400);
      await (await app.signIn('rita@harbour-legal.example'))
        .get(source)
        .query({ query: 'nadia' })
        .expect(403);
      await sam.get(source).query({ query: 'nadia' }).set('Sec-Fetch-Site', 'cross-site').expect(403);
    });

    it('shows who booked in Acuity, and says so when Acuity is away', async () => {
      const made = await acuity.createAppointment({
        startsAt: new Date('2026-12-03T10:00:00+11:00'),
        appointmentTypeId: 99,
        calendarId: 7009,
        timezone: 'Australia/Hobart',
        client: {
          firstName: 'Jane',
          lastName: 'Roe',
          email: 'jane@elsewhere.example',
          phone: '+61400000001',
        },
        fields: [],
        asStaff: true,
      });
      if (!made.ok) throw new Error(made.reason);
      const id = await aBookingOf(app.db, null, {
        acuity_appointment_id: made.value.id,
        external_created_by: 'jane@elsewhere.example',
      });
      const intro = async () => {
        return (await openForm(sam, formAddress('bookings', id, 'assign'))).intro;
      };
      expect(await intro()).to.contain(
        'The client in Acuity: Jane Roe, jane@elsewhere.example, +61400000001.',
      );
      acuity.failWith(acuityDown);
      const away = await intro();
      acuity.recover();
      expect(away).to.contain('We can’t reach Acuity right now');
      expect(away).to.contain('Made in Acuity by jane@elsewhere.example.');
      const views = await app.db('audit_log').where({ action: 'booking.viewed', resource_id: id });
      expect(views).to.have.length(2);
      const page = await (await app.signedInVisitor('sam@examdesk.example')).get(`/bookings/${id}`);
      expect(page.text('#case'))
        .to.contain('In the specialist’s calendar')
        .and.contain('jane@elsewhere.example');
    });

    it('assigns an unassigned booking, and records the referrer', async () => {
      const id = await aBookingOf(app.db, null);
      const rita = await personOf(app.db, 'rita');
      expect((await assign(sam, id, rita.id)).status).to.equal(200);
      const booking = await app.db('bookings').where({ id }).first();
      expect(booking).to.include({ created_by_id: rita.id, organization_id: rita.organizationId });
      const [row] = await rows({ action: 'booking.edited', resource_id: id });
      expect(row?.metadata).to.deep.equal({
        columns: ['organization_id', 'created_by_id'],
        referrerId: rita.id,
        organizationId: rita.organizationId,
      });
    });

    it('lets only admins correct the referrer, and clears who assisted', async () => {
      const admin = await personOf(app.db, 'ada');
      const rita = await personOf(app.db, 'rita');
      await app.db('impersonations').insert({
        id: randomUUID(),
        session_id: randomUUID(),
        reason: 'On the phone',
        admin_id: admin.id,
        user_id: rita.id,
      });
      const id = await aBookingOf(app.db, 'rita', { created_for_id: admin.id });
      const nadia = await personOf(app.db, 'nadia');
      const refused = await assign(sam, id, nadia.id);
      expect(refused.status).to.equal(422);
      expect(refused.body.errors[0].path).to.equal('referrerId');
      expect((await assign(ada, id, nadia.id)).status).to.equal(200);
      expect(await app.db('bookings').where({ id }).first()).to.include({
        created_by_id: nadia.id,
        organization_id: nadia.organizationId,
        created_for_id: null,
      });
    });

    it('refuses deactivated people, staff and unknown ids', async () => {
      const id = await aBookingOf(app.db, null);
      const rob = await personOf(app.db, 'rob');
      await app.db('users').where({ id: rob.id }).update({ banned: true });
      for (const wrong of [rob.id, (await personOf(app.db, 'sam')).id, randomUUID(), 'x', '']) {
        const { status, body } = await assign(sam, id, wrong);
        expect([status, body.errors[0].path], wrong).to.deep.equal([422, 'referrerId']);
      }
      await app.db('users').where({ id: rob.id }).update({ banned: false });
      expect((await app.db('bookings').where({ id }).first())?.organization_id).to.equal(null);
    });
  });
});
