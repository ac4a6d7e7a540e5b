import { expect } from 'chai';
import { createOutbox } from '../../src/email/index.ts';
import { mailKinds } from '../../src/mail-kinds/index.ts';
import { timeAhead } from '../support/days.ts';
import { markupErrors, type Visitor } from '../support/visitor.ts';
import { openAccountFixture, type AccountFixture } from '../support/account-fixture.ts';

const rita = 'rita@harbour-legal.example';
const page = '/account/mail';

describe('the choice of e-mails', () => {
  let fixture: AccountFixture;
  let ritas: Visitor;
  before(async () => {
    fixture = await openAccountFixture();
    ritas = await fixture.signedIn(rita);
  });
  after(() => fixture.close());
  beforeEach(() => fixture.app.db('mail_preferences').delete());

  const kept = async () => {
    const rows = (await fixture.app.db('mail_preferences').orderBy('kind').select('kind', 'delivery')) as {
      kind: string;
      delivery: string;
    }[];
    return Object.fromEntries(rows.map(({ kind, delivery }) => [kind, delivery]));
  };
  const choose = (chosen: Record<string, string>, who = ritas) => who.post(page, chosen);
  /** The referrer's kinds, of which there may be more with time. */
  const all = Object.entries(mailKinds)
    .filter(([, { about, choices }]) => about !== 'staff' && choices.length > 1)
    .map(([kind]) => kind);
  const shown = async (who = ritas) => (await who.get(page)).form(page);
  /** Rows about preferences, oldest first. */
  const audited = async () => {
    const rows = (await fixture.app
      .db('audit_log')
      .where({ resource_type: 'user', resource_id: await fixture.userId(rita), action: 'record.changed' })
      .whereRaw(`metadata ->> 'change' = 'mail_preferences'`)
      .orderBy('id')) as { metadata: Record<string, unknown>; actor_id: string | null }[];
    return rows;
  };

  it('page shows the usual delivery of every kind, in valid markup, when nothing was chosen', async () => {
    expect((await ritas.get('/account')).attribute(`a[href="${page}"]`, 'href')).to.equal(page);
    const visit = await ritas.get(page);
    expect(await markupErrors(visit)).to.deep.equal([]);
    const { timezone, ...kinds } = await shown();
    expect(timezone).to.equal('Australia/Sydney');
    expect(Object.keys(kinds)).to.have.members(all);
    expect(kinds).to.include({ report_ready: 'at_once', daily_digest: 'daily' });
  });

  it('form saves each delivery, with one audit row, when it is sent twice', async () => {
    const before = (await audited()).length;
    const chosen = { document_added: 'daily', booking_reminder: 'off', report_ready: 'at_once' };
    const saved = await choose(chosen);
    expect(saved.at).to.equal(`${page}?done=saved`);
    expect(saved.text('.notice')).to.equal('Your choice is saved.');
    await choose(chosen);
    expect(await kept()).to.deep.equal({ document_added: 'daily', booking_reminder: 'off' });
    expect(await shown()).to.include(chosen);
    expect((await ritas.get('/account')).text('.account-list')).to.contain(
      `${all.length - 1} of ${all.length} kinds`,
    );
    const rows = (await audited()).slice(before);
    expect(rows.map(({ metadata }) => metadata)).to.deep.equal([
      { change: 'mail_preferences', document_added: 'daily', booking_reminder: 'off' },
    ]);
    expect(rows[0]?.actor_id).to.equal(await fixture.userId(rita));
  });

  it('form takes no kind that may not be stopped, of others or unknown, when they are sent', async () => {
    await choose({
      booking_failed: 'off',
      password_changed: 'off',
      unassigned_bookings: 'off',
      nonsense: 'off',
    });
    expect(await kept()).to.deep.equal({});
    expect((await choose({ report_ready: 'weekly' })).status).to.equal(422);
    expect((await choose({ daily_digest: 'at_once' })).status).to.equal(422);
    expect((await choose({ timezone: 'Mars/Olympus' })).status).to.equal(422);
    await choose({ report_ready: 'off', user_id: await fixture.userId('rob@harbour-legal.example') });
    const rows = (await fixture.app.db('mail_preferences').select('user_id')) as { user_id: string }[];
    expect(rows).to.deep.equal([{ user_id: await fixture.userId(rita) }]);
  });

  it('form keeps one choice whole when two browsers save at once', async () => {
    const every = (delivery: string) =>
      Object.fromEntries(all.filter((kind) => kind !== 'daily_digest').map((kind) => [kind, delivery]));
    await Promise.all([
      choose(every('off')),
      choose(every('daily')),
      choose(every('off')),
      choose(every('daily')),
    ]);
    expect(new Set(Object.values(await kept())).size).to.equal(1);
  });

  it('page says so when kinds are set to a digest that is off', async () => {
    await choose({ report_ready: 'daily' });
    expect((await ritas.get(page)).has('.panel-warn')).to.equal(false);
    await choose({ daily_digest: 'off' });
    expect((await ritas.get(page)).text('.panel-warn')).to.contain('Your daily digest is off');
  });

  it('page keeps the time zone of the digest when it is chosen', async () => {
    await choose({ timezone: 'Australia/Perth' });
    expect(await shown()).to.include({ timezone: 'Australia/Perth' });
    await choose({ report_ready: 'off' });
    expect(await shown()).to.include({ timezone: 'Australia/Perth' });
  });

  it('page offers staff their own kinds alone', async () => {
    const sams = await fixture.signedIn('sam@examdesk.example');
    expect(await shown(sams)).to.deep.equal({
      unassigned_bookings: 'at_once',
      messages_unanswered: 'at_once',
    });
    await choose({ unassigned_bookings: 'off', report_ready: 'off' }, sams);
    expect(await kept()).to.deep.equal({ unassigned_bookings: 'off' });
  });

  it('JSON says and changes the same', async () => {
    const json = { accept: 'application/json', 'content-type': 'application/json' };
    const send = (body: unknown) =>
      ritas.raw(page, { method: 'POST', headers: json, body: JSON.stringify(body) });
    const saved = await send({
      kinds: [{ kind: 'report_ready', delivery: 'daily' }],
      timezone: 'Pacific/Auckland',
    });
    expect(saved.status).to.equal(200);
    const read = (await (await ritas.raw(page, { headers: json })).json()) as {
      kinds: { kind: string }[];
      timezone: string;
    };
    expect(read.timezone).to.equal('Pacific/Auckland');
    expect(read.kinds.map(({ kind }) => kind)).to.have.members(all);
    expect(read.kinds.find(({ kind }) => kind === 'report_ready')).to.deep.equal({
      kind: 'report_ready',
      label: 'Report ready',
      delivery: 'daily',
      choices: ['at_once', 'daily', 'off'],
    });
    for (const wrong of [
      { kinds: [{ kind: 'booking_failed', delivery: 'off' }] },
      { kinds: [{ kind: 'daily_digest', delivery: 'at_once' }] },
      { kinds: [{ kind: 'report_ready', delivery: 'weekly' }] },
      { kinds: [], timezone: '+10:00' },
      {
        kinds: [
          { kind: 'report_ready', delivery: 'off' },
          { kind: 'report_ready', delivery: 'at_once' },
        ],
      },
    ])
      expect((await send(wrong)).status, JSON.stringify(wrong)).to.equal(422);
    expect(await kept()).to.deep.equal({ report_ready: 'daily' });
  });

  describe('one click', () => {
    let address: URL;
    let cancel: (occasion: string) => Promise<void>;

    before(async () => {
      const { db, system } = fixture.app;
      const specialist = (await db('specialists').first('id')) as { id: string };
      const id = system.services.ids.uuid();
      await db('bookings').insert({
        id,
        reference: 'EX-AAAAA2',
        acuity_appointment_id: 7,
        specialist_id: specialist.id,
        organization_id: await fixture.organizationId('Harbour Legal'),
        created_by_id: await fixture.userId(rita),
        examinee_first_name: 'Ewan',
        examinee_last_name: 'Marsh',
        examinee_phone: '+61412345678',
        starts_at: new Date(timeAhead(10)),
        duration_minutes: 60,
        timezone: 'Australia/Sydney',
        type: 'in_person',
        source: 'portal',
      });
      const announce = createOutbox({ jobs: system.services.jobs, ids: system.services.ids });
      cancel = (occasion) =>
        db.transaction((trx) => announce(trx, { kind: 'booking_cancelled', bookingId: id, occasion }));
      await cancel('one');
      const { mail } = await fixture.mailTo(rita, /Examination cancelled/);
      for (const link of [page, new URL(mail.stopUrl ?? '').pathname]) {
        expect(mail.text).to.include(`${fixture.app.url}${link}`);
        expect(mail.html).to.include(`href="${fixture.app.url}${link}"`);
      }
      address = new URL(mail.stopUrl ?? '');
    });

    /** As a mail program does: no session, no cookie, from another site. */
    const click = (headers: Record<string, string> = {}) =>
      fetch(address, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: 'List-Unsubscribe=One-Click',
        redirect: 'manual',
      });

    it('stops this kind for this person, however often it is sent, with one audit row', async () => {
      const before = (await audited()).length;
      expect((await click()).status).to.equal(200);
      expect(
        (await click({ origin: 'https://mail.example', 'sec-fetch-site': 'cross-site' })).status,
      ).to.equal(200);
      expect(await kept()).to.deep.equal({ booking_cancelled: 'off' });
      const rows = (await audited()).slice(before);
      expect(rows).to.have.length(1);
      expect(rows[0]).to.deep.include({
        actor_id: null,
        metadata: { change: 'mail_preferences', through: 'link', booking_cancelled: 'off' },
      });
      await cancel('two');
      expect(await fixture.app.db('emails').where({ kind: 'booking_cancelled' })).to.have.length(1);
    });

    it('takes the other form encoding of the standard', async () => {
      const body = new FormData();
      body.append('List-Unsubscribe', 'One-Click');
      expect((await fetch(address, { method: 'POST', body })).status).to.equal(200);
      expect(await kept()).to.deep.equal({ booking_cancelled: 'off' });
    });

    it('changes nothing when the address is only opened', async () => {
      for (const method of ['GET', 'HEAD']) {
        expect((await fetch(address, { method })).status).to.equal(200);
        expect(await kept()).to.deep.equal({});
      }
    });

    it('is undone on the same page, to what was chosen before', async () => {
      await choose({ booking_cancelled: 'daily' });
      const stranger = fixture.visitor();
      const opened = await stranger.get(address.pathname);
      expect(await markupErrors(opened)).to.deep.equal([]);
      expect(opened.text('h1')).to.equal('Stop these e-mails?');
      const stopped = await stranger.post(address.pathname, opened.form(address.pathname));
      expect(await markupErrors(stopped)).to.deep.equal([]);
      expect(stopped.text('h1')).to.equal('E-mails stopped');
      expect(await kept()).to.deep.equal({ booking_cancelled: 'off' });
      await stranger.post(address.pathname, stopped.form(address.pathname));
      expect(await kept()).to.deep.equal({ booking_cancelled: 'daily' });
    });

    it('answers 404 and changes nothing when the address is not exactly as signed', async () => {
      const [encoded = '', signature = ''] = (address.pathname.split('/').at(-1) ?? '').split('.');
      const other = Buffer.from(
        Buffer.from(encoded, 'base64url').toString().replace('booking_cancelled', 'report_ready'),
      ).toString('base64url');
      for (const token of [
        `${other}.${signature}`,
        `${encoded}.${signature.slice(1)}A`,
        `${encoded}.`,
        encoded,
      ]) {
        const answer = await fetch(`${fixture.app.url}${page}/stop/${token}`, { method: 'POST' });
        expect(answer.status, token).to.equal(404);
      }
      expect(await kept()).to.deep.equal({});
    });

    it('is no way to choose what the kind does not offer', async () => {
      expect((await fixture.visitor().post(address.pathname, { delivery: 'weekly' })).status).to.equal(422);
      expect(await kept()).to.deep.equal({});
    });
  });
});
