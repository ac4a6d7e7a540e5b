// Each defect that AdminJS has by itself is a request here, which must fail against us.
import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect } from 'chai';
import { tables } from '../../src/console/index.ts';
import { timeAhead } from '../support/days.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { ask } from '../support/ask.ts';
import { confirm, formAddress, openForm, sendForm } from '../support/console-form.ts';

const multipart = 'multipart/form-data; boundary=limit';
const aFile = [
  '--limit',
  'Content-Disposition: form-data; name="file"; filename="stored.txt"',
  '',
  'stored',
  '--limit--',
  '',
].join('\r\n');

const list = (id: string): string => `/admin/api/resources/${id}/actions/list`;

async function bookOne({ db }: TestApp): Promise<string> {
  const id = randomUUID();
  const who = await db('users as u')
    .join('members as m', 'm.user_id', 'u.id')
    .where({ 'u.email': 'rita@harbour-legal.example' })
    .first('u.id', 'm.organization_id');
  const specialist = await db('specialists').orderBy('position').first('id');
  await db('bookings').insert({
    id,
    reference: 'EX-7K3M9Q',
    acuity_appointment_id: 880_001,
    specialist_id: specialist!.id,
    organization_id: who.organization_id,
    created_by_id: who.id,
    examinee_first_name: 'Ewan',
    examinee_last_name: 'Marsh',
    examinee_phone: '+61412345678',
    starts_at: new Date(timeAhead(10)),
    duration_minutes: 60,
    timezone: 'Australia/Sydney',
    type: 'in_person',
    source: 'portal',
  });
  return id;
}

describe('the console', () => {
  let app: TestApp;
  let ada: Agent;
  let sam: Agent;
  let rita: Agent;
  let bookingId: string;

  before(async () => {
    app = await startTestApp();
    ada = await app.signIn('ada@examdesk.example');
    sam = await app.signIn('sam@examdesk.example');
    rita = await app.signIn('rita@harbour-legal.example');
    bookingId = await bookOne(app);
  });
  after(() => app.close());

  it('redirects to sign-in without a session', async () => {
    await app.anonymous().get('/admin').expect(401);
    const page = await app.anonymous().get('/admin').set('Accept', 'text/html').expect(303);
    expect(page.headers.location).to.equal('/sign-in?next=%2Fadmin');
  });

  it('answers 403 to referrers', async () => {
    await rita.get('/admin').expect(403);
    await rita.get(list('bookings')).expect(403);
    await rita.get('/admin/export/bookings').expect(403);
    await rita.get(formAddress('bookings', bookingId, 'assign')).expect(403);
    await rita.get(formAddress('bookings', bookingId)).expect(403);
  });

  it('answers 500 as every page and program knows it when a list cannot be read', async () => {
    await ada.get(list('bookings')).expect(200);
    const owner = app.database.owner;
    await owner.raw('alter table bookings rename column interpreter_language to elsewhere');
    try {
      const answer = await ada.get(list('bookings')).expect(500);
      expect(answer.type).to.equal('application/problem+json');
      expect(answer.body).to.include({ code: 'internal' });
      const page = await ada.get(list('bookings')).set('Accept', 'text/html').expect(500);
      expect(page.text).to.include('Something went wrong on our side');
    } finally {
      await owner.raw('alter table bookings rename column elsewhere to interpreter_language');
    }
  });

  it('opens for staff with a CSP without inline scripts and other hosts', async () => {
    const page = await sam.get('/admin').set('Accept', 'text/html').expect(200);
    const policy = String(page.headers['content-security-policy']);
    expect(policy).to.match(/script-src 'self' 'nonce-[\w+/=]+';/);
    expect(page.text).not.to.match(/(src|href)="https?:/);
    const inline = [...page.text.matchAll(/<script([^>]*)>/g)].filter(
      ([, attributes]) => !attributes?.includes('src='),
    );
    expect(inline.every(([, attributes]) => attributes?.includes('nonce='))).to.equal(true);
  });

  it('escapes names in the page’s script', async () => {
    await app
      .db('users')
      .where({ email: 'sam@examdesk.example' })
      .update({ name: '</script><script>alert(1)</script>' });
    const page = await sam.get('/admin').set('Accept', 'text/html').expect(200);
    await app.db('users').where({ email: 'sam@examdesk.example' }).update({ name: 'Sam' });
    expect(page.text).not.to.contain('alert(1)</script>');
  });

  it('serves its own styles as one file, the portal’s colours first', async () => {
    const { text } = await ada.get('/admin').set('Accept', 'text/html').expect(200);
    const styles = [...text.matchAll(/href="(\/css\/[^"]+)"/g)].map(([, href]) => href ?? '');
    expect(styles).to.have.length(1);
    expect(styles[0]).to.match(/^\/css\/console\.[\da-f]{10}\.css$/);
    const sheet = await ada
      .get(styles[0] ?? '')
      .expect(200)
      .expect('Content-Type', /text\/css/);
    expect(sheet.text.indexOf('--paper:')).to.be.within(0, sheet.text.indexOf('.console-'));
  });

  it('serves its own scripts compressed, under names that staff keep for good', async () => {
    const { text } = await sam.get('/admin').set('Accept', 'text/html').expect(200);
    const names = [...text.matchAll(/src="(\/admin\/frontend\/assets\/[^"]+)"/g)].map(
      ([, name]) => name ?? '',
    );
    expect(names).to.have.length(4);
    let sent = 0;
    for (const name of names) {
      expect(name).to.match(/\.bundle\.[\da-f]{10}\.js$/);
      const { headers } = await sam.get(name).set('Accept-Encoding', 'br').expect(200);
      expect(headers['content-type'], name).to.contain('javascript');
      expect(headers['content-encoding'], name).to.equal('br');
      sent += Number(headers['content-length']);
      expect(headers['cache-control'], name).to.equal('private, max-age=31536000, immutable');
      await sam
        .get(name)
        .set('If-None-Match', headers.etag ?? '')
        .expect(304);
      await app
        .anonymous()
        .get(name)
        .set('If-None-Match', headers.etag ?? '')
        .expect(401);
      const plain = await sam.get(name.replace(/\.[\da-f]{10}/, '')).expect(200);
      expect(plain.headers['cache-control'], name).to.equal('private, no-cache');
    }
    expect(sent).to.be.within(400_000, 650_000);
    await sam.get('/admin/frontend/assets/none.bundle.js').expect(404);
  });

  for (const { id } of tables) {
    it(`sorts and filters ${id} by every column`, async () => {
      const table = tables.find((one) => one.id === id);
      for (const { name, type, isHealth } of table?.columns ?? []) {
        await ada.get(list(id)).query({ sortBy: name, direction: 'asc' }).expect(200);
        // What stands in the address stands in logs: nothing of anybody examined is filtered by.
        if (isHealth) {
          await ada
            .get(list(id))
            .query({ [`filters.${name}`]: 'Marsh' })
            .expect(400);
          continue;
        }
        const isTime = type === 'datetime' || type === 'date';
        const values = isTime ? ['2026-12-01'] : ["%_'", '99999999999999999999', '2026-12-01'];
        for (const value of isTime ? ["%_'", '2026-02-31', '0000-01-01', '2026-12-01T25:00Z'] : [])
          await ada
            .get(list(id))
            .query({ [`filters.${name}`]: value })
            .expect(400);
        for (const value of values) {
          const answer = await ada.get(list(id)).query({ [`filters.${name}`]: value });
          expect(answer.status, `${id}.${name}=${value}`).to.equal(200);
          expect(answer.body.notice, `${id}.${name}=${value}`).to.equal(undefined);
        }
        if (isTime) {
          for (const bound of ['from', 'to'])
            await ada
              .get(list(id))
              .query({ [`filters.${name}~~${bound}`]: '2026-11-01' })
              .expect(200);
        }
      }
    });
  }

  it('audits who viewed which booking', async () => {
    await sam.get(`/admin/api/resources/bookings/records/${bookingId}/show`).expect(200);
    const rows = await app.db('audit_log').where({ action: 'booking.viewed', resource_id: bookingId });
    expect(rows.at(-1)).to.deep.include({ metadata: { in: 'console' } });
  });

  it('refuses filters by hidden or unknown columns', async () => {
    for (const name of [
      'filters.password',
      'filters.token',
      'filters.s3_key',
      'filters.constructor',
      'filters.__proto__',
    ]) {
      await ada
        .get(list('users'))
        .query({ [name]: 'a' })
        .expect(400);
    }
    await ada.get(list('users')).query({ sortBy: 'password' }).expect(400);
    await ada.get(list('users')).query({ perPage: '-1' }).expect(400);
    await ada.get(list('users')).query({ page: '0' }).expect(400);
    await ada.get('/admin/export/users').query({ 'filters.password': 'a' }).expect(400);
  });

  it('searches % and _ literally', async () => {
    const { body } = await ada.get(list('users')).query({ 'filters.email': 'r_ta%' }).expect(200);
    expect(body.meta.total).to.equal(0);
  });

  it('distinguishes scheduled from rescheduled in the progress filter', async () => {
    const found = async (progress: string) =>
      (await ada.get(list('bookings')).query({ 'filters.currentProgress': progress }).expect(200)).body.meta
        .total as number;
    await app.db('bookings').where({ id: bookingId }).update({ current_progress: 'rescheduled' });
    expect([await found('scheduled'), await found('rescheduled')]).to.deep.equal([0, 1]);
    await app.db('bookings').where({ id: bookingId }).update({ current_progress: 'scheduled' });
    expect([await found('scheduled'), await found('rescheduled')]).to.deep.equal([1, 0]);
  });

  it('answers 404 for tables, records and actions that do not exist', async () => {
    await ada.get(list('sessions')).expect(404);
    await ada.get('/admin/api/resources/bookings/actions/unheard-of').expect(404);
    await ada.get(`/admin/api/resources/bookings/records/${crypto.randomUUID()}/show`).expect(404);
    await ada.get('/admin/api/resources/bookings/records/not-an-id/show').expect(404);
  });

  it('refuses a read with a body instead of waiting for it or storing it', async () => {
    const { name, value } = await app.sessionCookie('ada@examdesk.example');
    for (const [path, type, body] of [
      [list('bookings'), 'application/json', '{"kept":"waiting"}'],
      ['/admin', multipart, aFile],
      ['/admin', 'application/x-www-form-urlencoded', 'field=1'],
    ] as const)
      for (const [header, length] of [
        ['content-length', String(body.length)],
        ['transfer-encoding', 'chunked'],
      ] as const) {
        const headers = { cookie: `${name}=${value}`, 'content-type': type, [header]: length };
        const { status } = await ask(new URL(path, app.url), 'GET', headers, body);
        expect(status, `${path} as ${type}`).to.equal(400);
      }
  });

  it('refuses requests from other sites, reads included', async () => {
    await ada.get(list('bookings')).set('Sec-Fetch-Site', 'cross-site').expect(403);
    await ada.get('/admin/export/bookings').set('Sec-Fetch-Site', 'cross-site').expect(403);
    for (const address of [formAddress('bookings', bookingId, 'assign'), formAddress('bookings', bookingId)])
      await ada
        .post(address)
        .set('Sec-Fetch-Site', 'cross-site')
        .set('Origin', 'https://elsewhere.example')
        .send({ version: '1', values: {} })
        .expect(403);
  });

  it('audits a refused address as its pattern, without what was typed', async () => {
    const noted = async (address: string) => {
      await sam.get(address).expect(403);
      const row = await app.db('audit_log').where({ action: 'access.denied' }).orderBy('id', 'desc').first();
      return (row!.metadata as { address: string }).address;
    };
    for (const [address, told] of [
      ['api/resources/bookings/search/Jane%20Citizen', 'api/resources/bookings/search/:id'],
      ['api/resources/bookings/records/Citizen/delete', 'api/resources/bookings/records/:id/delete'],
      ['api/resources/organizations/records/Citizen/edit', 'api/resources/organizations/records/:id/edit'],
      [`resources/users/records/${bookingId}/show`, 'resources/users/records/:id/show'],
      ['api/resources/users/records/Citizen/deactivate', 'api/resources/users/records/:id/deactivate'],
      ['api/resources/specialists/actions/new', 'api/resources/specialists/actions/new'],
      ['export/users', 'export/users'],
    ])
      expect(await noted(`/admin/${address}`)).to.equal(`/admin/${told}`);
  });

  it('refuses support the tables and actions of admins', async () => {
    const { id } = (await app.db('users').where({ email: 'rob@harbour-legal.example' }).first('id')) as {
      id: string;
    };
    for (const address of [
      formAddress('users', id, 'deactivate'),
      formAddress('users', id, 'end-sessions'),
      formAddress('drift-reports', null, 'reconcile'),
    ])
      await confirm(sam, address, 403);
    await sam.get('/admin/export/users').expect(403);
    const { body } = await sam.get('/admin/api/dashboard').expect(200);
    expect(JSON.stringify(body)).not.to.contain('failed-jobs');
  });

  describe('editing a booking', () => {
    const address = () => formAddress('bookings', bookingId);
    const opened = async () => {
      const { version, values } = await openForm(sam, address());
      return { version, values };
    };
    const send = (agent: Agent, sent: { version: string; values: object }) =>
      sendForm(agent, address(), sent);

    it('writes the change and its audit row, with column names only, in one transaction', async () => {
      const { version, values } = await opened();
      await send(sam, { version, values: { ...values, claimNumber: 'CL-9000' } }).expect(200);
      const row = await app.db('bookings').where({ id: bookingId }).first();
      expect(row?.claim_number).to.equal('CL-9000');
      const audit = await app.db('audit_log').where({ action: 'booking.edited', resource_id: bookingId });
      expect(audit.map(({ metadata }: { metadata: unknown }) => metadata)).to.deep.equal([
        { columns: ['claim_number'] },
      ]);
    });

    it('shows each error at its field', async () => {
      const { version, values } = await opened();
      const { body } = await send(sam, { version, values: { ...values, phone: 'x' } }).expect(422);
      expect((body as { errors: { path: string }[] }).errors.map(({ path }) => path)).to.deep.equal([
        'phone',
      ]);
    });

    // Each as Acuity may have it, and as our own form would refuse it.
    const odd = {
      examinee_first_name: 'Ewan 😀',
      examinee_last_name: '<Marsh>',
      examinee_phone: '0412 345 678 / 0412 345 679',
      examinee_email: 'ewan at example.com',
      claim_number: 'x'.repeat(90),
      interpreter_language: 'x'.repeat(90),
    };
    const save = (agent: typeof sam, change: Record<string, unknown>) =>
      opened().then(({ version, values }) => send(agent, { version, values: { ...values, ...change } }));
    const stored = () => app.db('bookings').where({ id: bookingId }).first();

    it('saves a note, checking nothing else, when Acuity spelled the details oddly', async () => {
      await app
        .db('bookings')
        .where({ id: bookingId })
        .update({ ...odd, details_needed: true });
      expect((await save(sam, { notes: 'Called\u00a0the clinic\u200b' })).status).to.equal(200);
      expect(await stored()).to.include({ ...odd, notes: 'Called the clinic', details_needed: true });
      const { version } = await opened();
      await send(sam, { version, values: { notes: 'Called again' } }).expect(200);
      expect(await stored()).to.include({ ...odd, notes: 'Called again' });
    });

    it('checks a detail once it is changed, and one name alone is enough', async () => {
      const { body } = await save(sam, { lastName: '<Marlow>', notes: 'not saved', dateOfBirth: '27/3/84' });
      expect((body as { errors: { path: string }[] }).errors.map(({ path }) => path)).to.deep.equal([
        'lastName',
        'dateOfBirth',
      ]);
      expect(await stored()).to.include({ ...odd, notes: 'Called again' });
      expect((await save(sam, { firstName: '', lastName: 'Suharto' })).status).to.equal(200);
      expect(await stored()).to.include({ examinee_first_name: '', examinee_last_name: 'Suharto' });
      expect((await save(sam, { lastName: ' ' })).status).to.equal(422);
    });

    it('removes “details needed” once what is marked was read, not for a note', async () => {
      const edits: [Record<string, unknown>, boolean, string][] = [
        [{ phone: '02 9374 4000 ext 55' }, true, 'Details needed (Phone, E-mail address): '],
        [{ email: 'smith&jones@example.com' }, false, 'Details needed (E-mail address): '],
      ];
      for (const [change, isNeeded, marked] of edits) {
        expect((await openForm(sam, address())).intro).to.contain(marked);
        expect((await save(sam, change)).status, JSON.stringify(change)).to.equal(200);
        expect((await stored())?.details_needed).to.equal(isNeeded);
      }
      expect((await openForm(sam, address())).intro).to.match(/^To change the time/);
      await app.db('bookings').where({ id: bookingId }).update({ details_needed: true });
      expect((await openForm(sam, address())).intro).to.match(/^Details needed: /);
      expect((await save(sam, { notes: 'The clinic calls back' })).status).to.equal(200);
      expect((await stored())?.details_needed).to.equal(true);
      expect((await save(sam, { dateOfBirth: '27 March 1984' })).status).to.equal(200);
      const saved = await stored();
      expect(saved).to.include({ details_needed: false, examinee_phone: '+61293744000;ext=55' });
      expect(saved?.examinee_date_of_birth).to.equal('1984-03-27');
    });

    it('shows both values, and saves neither, when somebody else saved first', async () => {
      const seen = await opened();
      await send(ada, { ...seen, values: { ...seen.values, notes: 'Ada was here' } }).expect(200);
      const mine = { ...seen, values: { ...seen.values, notes: 'Sam was here' } };
      const { body } = await send(sam, mine).expect(409);
      expect(body.code).to.equal('stale_version');
      expect(body.errors).to.deep.equal([{ path: 'notes', message: 'Now: Ada was here' }]);
      await send(sam, { ...mine, version: body.version }).expect(200);
    });

    it('ignores values of fields that Acuity owns', async () => {
      const { version, values } = await opened();
      const before = await app.db('bookings').where({ id: bookingId }).first();
      const more = {
        startsAt: '2030-01-01T00:00:00Z',
        status: 'cancelled',
        version: 99,
        organization_id: null,
      };
      await send(sam, { version, values: { ...values, ...more } }).expect(200);
      expect(await app.db('bookings').where({ id: bookingId }).first()).to.deep.equal(before);
    });
  });

  describe('AdminJS’s body parser', () => {
    const address = () => formAddress('bookings', bookingId);
    const stored = () => app.db('bookings').where({ id: bookingId }).first();

    it('gets no multipart body, which it would write to the disk, and none of another type', async () => {
      const before = [await stored(), (await readdir(tmpdir())).filter((name) => name.startsWith('upload_'))];
      await sam.post(address()).type(multipart).send(aFile).expect(415);
      await sam.post(address()).type('text/plain').send('notes=x').expect(415);
      const written = (await readdir(tmpdir())).filter((name) => name.startsWith('upload_'));
      expect([await stored(), written]).to.deep.equal(before);
    });

    it('gets no body that is too large', async () => {
      await sam
        .post(address())
        .send({ version: '1', notes: 'x'.repeat(200_000) })
        .expect(413);
    });

    it('holds up no request when the body was read before: JSON and forms are saved, and lists refused', async () => {
      const { version, values } = await openForm(sam, address());
      for (const type of ['json', 'form'] as const)
        await sam
          .post(address())
          .type(type)
          .send({ ...values, version })
          .expect(200);
      await sam.post(address()).send([]).expect(400);
      await sam.post(address()).send({ notes: 'x' }).expect(400);
    });

    it('gets a body only when the address is that of an action with a form', async () => {
      const of = '/admin/api/resources/bookings';
      for (const path of [
        `${of}/records/${bookingId}/show`,
        `${of}/actions/list`,
        `${of}/records/${bookingId}/reschedule`,
      ])
        await sam.post(path).send({ version: '1' }).expect(405);
      await sam
        .post(`/admin/resources/bookings/records/${bookingId}/edit`)
        .send({ version: '1' })
        .expect(405);
      await sam.post('/admin/api/dashboard').send({}).expect(404);
    });

    it('leaves a denial to save in the audit log', async () => {
      const { id } = (await app.db('organizations').first('id')) as { id: string };
      await sam.post(formAddress('organizations', id)).send({ version: '{}', name: 'Mine' }).expect(403);
      const row = await app.db('audit_log').where({ action: 'access.denied' }).orderBy('id', 'desc').first();
      expect(row?.metadata).to.deep.include({
        method: 'POST',
        address: '/admin/api/resources/organizations/records/:id/edit',
      });
    });
  });

  it('moves progress on by the booking’s own rules', async () => {
    const address = formAddress('bookings', bookingId, 'move-on');
    const { version } = await openForm(sam, address);
    for (const [progress, status] of [
      ['payment_received', 409],
      ['generating_report', 200],
    ] as const)
      await sendForm(sam, address, { version, values: { progress, isCertain: true } }).expect(status);
  });

  it('asks before it changes the progress of an examination in the future', async () => {
    const address = formAddress('bookings', bookingId, 'move-on');
    await app
      .db('bookings')
      .where({ id: bookingId })
      .update({ starts_at: new Date(Date.now() + 86_400_000) });
    const { version, intro, fields: asked } = await openForm(sam, address);
    expect(intro).to.contain('The examination is in the future: ');
    expect(asked.at(-1)).to.include({ name: 'isCertain', type: 'checkbox', value: false });
    const send = (values: object) => sendForm(sam, address, { version, values });
    for (const isCertain of [undefined, false, 'yes']) {
      const { body } = await send({ progress: 'report_generated', isCertain }).expect(422);
      expect(body.errors[0].path).to.equal('isCertain');
    }
    await send({ progress: 'report_generated', isCertain: true }).expect(200);
    await app
      .db('bookings')
      .where({ id: bookingId })
      .update({ starts_at: new Date(0) });
    const over = await openForm(sam, address);
    expect(over.fields.map(({ name }) => name)).to.deep.equal(['progress', 'notes']);
    const values = { progress: 'generating_report' };
    await sendForm(sam, address, { version: over.version, values }).expect(200);
  });

  it('deactivates a person and ends their sessions', async () => {
    const rob = await app.signIn('rob@harbour-legal.example');
    const { id } = (await app.db('users').where({ email: 'rob@harbour-legal.example' }).first('id')) as {
      id: string;
    };
    await confirm(ada, formAddress('users', id, 'deactivate'), 200);
    await rob.get('/bookings').expect(401);
  });

  it('exports the filtered rows, audits the export, and escapes formulas', async () => {
    await app.db('bookings').where({ id: bookingId }).update({ notes: '=HYPERLINK("x")' });
    const { text, headers } = await sam
      .get('/admin/export/bookings')
      .query({ 'filters.status': 'active' })
      .expect(200);
    expect(headers['content-type']).to.match(/^text\/csv/);
    expect(text.trim().split('\r\n')).to.have.length(2);
    expect(text).to.contain(`"'=HYPERLINK(""x"")"`);
    const row = await app.db('audit_log').where({ action: 'records.exported' }).first();
    expect(row?.resource_type).to.equal('list');
    expect(row?.metadata).to.deep.equal({ table: 'bookings', filteredBy: ['status'] });
  });
});
