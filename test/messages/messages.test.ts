import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { usualActionLimits } from '../../src/accounts/index.ts';
import { createUnansweredDigest } from '../../src/email/index.ts';
import { messageSchema } from '../../src/http/api/messages.api.ts';
import { aBookingOf } from '../support/console-records.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { testLinks } from '../support/links.ts';
import { createFakeAcuity, type FakeAcuity } from '../support/fakes/acuity.ts';
import { markupErrors, type Visitor } from '../support/visitor.ts';
import { aSender } from '../support/mail-parts.ts';
import { bookingBody } from '../support/builders/booking-request.ts';

type Name = 'rita' | 'rob' | 'nadia' | 'sam' | 'ada';
const addresses: Record<Name, string> = {
  rita: 'rita@harbour-legal.example',
  rob: 'rob@harbour-legal.example',
  nadia: 'nadia@northside-claims.example',
  sam: 'sam@examdesk.example',
  ada: 'ada@examdesk.example',
};

/** More than any person of the other tests writes. */
const mostInHour = 40;

interface MessageJson {
  id: string;
  text: string;
  isFromStaff: boolean;
  createdBy: { name: string };
  createdFor: { name: string } | null;
  answeredAt: string | null;
  readBy: { name: string }[];
  isUnread: boolean;
}

describe('messages about a booking', () => {
  let app: TestApp;
  let acuity: FakeAcuity;
  let bookingId: string;
  const agents = {} as Record<Name, Agent>;
  const ids = {} as Record<Name, string>;

  before(async () => {
    acuity = createFakeAcuity();
    const message = { perSubject: mostInHour, perAddress: mostInHour, windowMs: 3_600_000 };
    app = await startTestApp({ overrides: { acuity, actionLimits: { ...usualActionLimits, message } } });
    for (const name of Object.keys(addresses) as Name[]) {
      agents[name] = await app.signIn(addresses[name]);
      ids[name] = (await app.db('users').where({ email: addresses[name] }).first('id'))?.id ?? '';
    }
  });
  after(() => app.close());

  let hours = 0;
  beforeEach(async () => {
    hours += 1;
    const startsAt = new Date(Date.UTC(2031, 1, 1, hours)).toISOString();
    acuity.offer(7001, startsAt);
    await app.system.services.availability.invalidate(7001);
    const specialist = await app.system.services.specialists.findByCalendar(7001);
    const booked = await agents.rita
      .post('/bookings')
      .send(bookingBody(specialist?.id, startsAt))
      .expect(201);
    bookingId = (booked.body as { booking: { id: string } }).booking.id;
    await app.db('emails').delete();
  });

  const path = () => `/bookings/${bookingId}/messages`;
  const send = (by: Name | Agent, text: string, key: string = randomUUID()) =>
    (typeof by === 'string' ? agents[by] : by).post(path()).set('Idempotency-Key', key).send({ text });
  const read = async (by: Name): Promise<MessageJson[]> =>
    ((await agents[by].get(path()).expect(200)).body as { messages: MessageJson[] }).messages;
  const toldOf = async (kind = 'message_received') =>
    (await app.db('emails').where({ kind, booking_id: bookingId }).orderBy('recipient')).map(
      ({ recipient }) => recipient,
    );
  const audited = (action: string) => app.db('audit_log').where({ action, resource_id: bookingId });

  it('are read by the organisation and staff, and by nobody else', async () => {
    const sent = await send('rita', '  May the examinee bring a friend?\r\n\u200bShe is nervous. ').expect(
      201,
    );
    const { message } = sent.body as { message: MessageJson };
    expect(messageSchema.strict().safeParse(message).error).to.equal(undefined);
    expect(message.text).to.equal('May the examinee bring a friend?\nShe is nervous.');
    await send('sam', 'Yes.').expect(201);
    for (const name of ['rita', 'rob', 'ada'] as const)
      expect((await read(name)).map(({ text }) => text)).to.deep.equal([message.text, 'Yes.']);
    await agents.nadia.get(path()).expect(404);
    await send('nadia', 'Hello').expect(404);
    expect(await audited('message.sent')).to.have.length(2);
    expect(JSON.stringify(await app.db('audit_log'))).not.to.contain('nervous');
  });

  it('refuse what cannot be read, and say why', async () => {
    for (const [text, why] of [
      [' \u200b\n', 'Write a message'],
      ['x'.repeat(4001), 'at most 4000'],
      ['a\u0007b', 'invisible'],
    ] as const) {
      const { body } = await send('rita', text).expect(422);
      expect(JSON.stringify(body)).to.contain(why);
    }
    await agents.rita
      .post(path())
      .send({ text: ['a'] })
      .expect(422);
    await agents.rita.get(`${path()}?before=nonsense`).expect(422);
  });

  it('are sent once when a form is sent twice, also at the same time', async () => {
    const key = randomUUID();
    const twice = await Promise.all([send('rita', 'Hello', key), send('rita', 'Hello', key)]);
    const sentIds = twice.map(({ body }) => (body as { message: MessageJson }).message.id);
    expect(new Set(sentIds)).to.have.property('size', 1);
    await send('rita', 'Something else', key).expect(409);
    expect(await read('rita')).to.have.length(1);
    expect(await audited('message.sent')).to.have.length(1);
  });

  it('are marked as read for each person, and not while an admin acts as them', async () => {
    await send('sam', 'Please send the brief.');
    const isNew = async (name: Name) => (await read(name)).map(({ isUnread }) => isUnread);
    const acting = await app.signIn(addresses.ada);
    await acting
      .post('/admin/impersonate')
      .send({ userId: ids.rita, reason: 'She is on the phone' })
      .expect(200);
    await acting.get(`/bookings/${bookingId}`).set('Accept', 'text/html').expect(200);
    await acting.get(path()).expect(200);
    expect(await isNew('rita')).to.deep.equal([true]);
    expect(await isNew('rita')).to.deep.equal([false]);
    expect(await isNew('rob')).to.deep.equal([true]);
    const [message] = await read('sam');
    expect(message?.readBy.map(({ name }) => name)).to.deep.equal(['Rita Alvarez', 'Rob Petersen']);
  });

  it('name both people when an admin acts as the referrer, who is told of it', async () => {
    const acting = await app.signIn(addresses.ada);
    await acting
      .post('/admin/impersonate')
      .send({ userId: ids.rita, reason: 'She is on the phone' })
      .expect(200);
    await send(acting, 'Rita asks for a later time.').expect(201);
    const [message] = await read('sam');
    expect(message).to.deep.include({ isFromStaff: false });
    expect(message?.createdBy.name).to.equal('Rita Alvarez');
    expect(message?.createdFor?.name).to.be.a('string');
    expect(await toldOf()).to.deep.equal([addresses.rita]);
    const shown = await acting.get(`/bookings/${bookingId}`).set('Accept', 'text/html').expect(200);
    expect(shown.text)
      .to.contain('Rita asks for a later time.')
      .and.not.to.match(/\b1 new\b/);
    // Until she reads what was written in her name, it is new to her.
    const isNew = async () => (await read('rita')).map(({ isUnread }) => isUnread);
    expect([await isNew(), await isNew()]).to.deep.equal([[true], [false]]);
    const [row] = await audited('message.sent');
    expect(row).to.include({ actor_id: ids.ada, acting_as_id: ids.rita });
  });

  describe('by e-mail', () => {
    it('tell the booker and whoever wrote about it, never the author, and never what it says', async () => {
      await send('rob', 'When will the report come?');
      expect(await toldOf()).to.deep.equal([addresses.rita]);
      await app.db('emails').delete();
      await send('sam', 'Next week: the fracture healed.');
      expect(await toldOf()).to.deep.equal([addresses.rita, addresses.rob]);
      const emails = await app.db('emails').select('*');
      expect(JSON.stringify(emails)).not.to.contain('fracture');
    });

    it('are sent while something is unread, with a link and without the text, and withheld when all is read', async () => {
      const mails: { to: string; subject: string; html: string; text: string }[] = [];
      const sender = aSender({
        ...app.system.services,
        mailer: { send: (mail) => Promise.resolve(void mails.push(mail)) },
      });
      const sendAll = async () => {
        for (const { id } of await app.db('emails').where({ booking_id: bookingId }).select('id'))
          await sender.send(id);
        return (await app.db('emails').where({ booking_id: bookingId })).map(({ status }) => status);
      };
      await send('sam', 'The fracture healed.');
      await read('rita');
      expect(await sendAll()).to.deep.equal(['withheld']);
      await app.db('emails').delete();
      await send('sam', 'Really: the fracture healed.');
      expect(await sendAll()).to.deep.equal(['sent']);
      const [mail] = mails;
      expect(mail?.to).to.equal(addresses.rita);
      expect(mail?.text).to.contain(`${testLinks.booking(bookingId)}#messages`);
      expect(JSON.stringify(mails)).not.to.match(/fracture|Marsh/);
    });

    it('come once however many are unread, again after they were read, and again after a day', async () => {
      for (const text of ['One', 'Two', 'Three']) await send('sam', text);
      expect(await toldOf()).to.deep.equal([addresses.rita]);
      const emails = () => app.database.owner('emails').where({ kind: 'message_received' });
      await emails().update({ status: 'sent', sent_at: new Date(), dedupe_key: 'of an earlier window' });
      await send('sam', 'Four');
      expect(await toldOf()).to.have.length(1);
      await read('rita');
      await send('sam', 'Five');
      expect(await toldOf()).to.have.length(2);
      await emails().update({
        dedupe_key: app.db.raw(`'yesterday ' || id`),
        created_at: app.db.raw(`created_at - interval '25 hours'`),
      });
      await send('sam', 'Six');
      expect(await toldOf()).to.have.length(3);
    });

    it('tell staff in one digest of what nobody has answered, and of each message once', async () => {
      await send('rita', 'Hello');
      await send('rob', 'And hello');
      await app.database
        .owner('booking_messages')
        .whereNot({ booking_id: bookingId })
        .update({ digest_id: randomUUID() });
      const unansweredDigest = createUnansweredDigest(app.system.services);
      await unansweredDigest.write();
      const digests = async () => app.db('emails').where({ kind: 'messages_unanswered' });
      expect((await digests()).map(({ recipient }) => recipient)).to.deep.equal([addresses.sam]);
      await unansweredDigest.write();
      expect(await digests()).to.have.length(1);
      await send('rita', 'One more');
      await send('sam', 'Here I am');
      await unansweredDigest.write();
      expect(await digests()).to.have.length(1);
    });
  });

  describe('for staff', () => {
    const waiting = async () =>
      (
        await app
          .db('booking_messages')
          .where({ booking_id: bookingId, is_from_staff: false, answered_at: null })
      ).length;

    it('wait for an answer until staff write, or say that none is needed', async () => {
      await send('rita', 'Hello');
      await send('rita', 'Are you there?');
      expect(await waiting()).to.equal(2);
      await send('rob', 'Me too').expect(201);
      await send('sam', 'Yes').expect(201);
      expect(await waiting()).to.equal(0);
      await send('rita', 'Thank you!');
      expect(await waiting()).to.equal(1);
      await agents.rita.post(`${path()}/answered`).expect(403);
      await agents.sam.post(`${path()}/answered`).set('Accept', 'text/html').expect(303);
      expect(await waiting()).to.equal(0);
      expect(await audited('message.answered')).to.have.length(1);
    });

    it('stand in the console’s list of what needs attention', async () => {
      await send('rita', 'Hello');
      const { body } = await agents.sam.get('/admin/api/dashboard').expect(200);
      const { attention } = body as {
        attention: { label: string; count: number; repair: { href: string } }[];
      };
      const item = attention.find(({ label }) => label === 'Unanswered messages');
      expect(item?.count).to.be.above(0);
      const next = await agents.sam.get(item?.repair.href ?? '').expect(303);
      expect(next.headers.location).to.match(/^\/bookings\/[0-9a-f-]{36}#messages$/);
    });
  });

  describe('on the pages', () => {
    const secret = 'The referrer is difficult on the phone';
    let pages: Record<'rita' | 'sam', Visitor>;
    before(async () => {
      pages = {
        rita: await app.signedInVisitor(addresses.rita),
        sam: await app.signedInVisitor(addresses.sam),
      };
    });
    const show = (who: 'rita' | 'sam') => pages[who].get(`/bookings/${bookingId}`);

    it('are written and answered without JavaScript, and text stays text', async () => {
      const page = await show('rita');
      expect(await markupErrors(page)).to.deep.equal([]);
      const fields = { ...page.form(path()), text: '<b>Hello</b> & welcome\nSecond line' };
      const sent = await pages.rita.post(path(), fields);
      expect(sent.at).to.equal(`/bookings/${bookingId}#messages`);
      expect(sent.html).to.contain('&lt;b&gt;Hello&lt;/b&gt; &amp; welcome\nSecond line');
      await pages.rita.post(path(), fields);
      expect((await show('rita')).texts('.message')).to.have.length(1);
      const another = await pages.rita.post(path(), { ...fields, text: 'Another text in the same form' });
      expect(another.texts('.message')).to.have.length(2);
      const staff = await show('sam');
      expect(staff.text('#messages-title')).to.contain('2 new');
      expect((await show('sam')).text('#messages-title')).not.to.contain('new');
      expect((await show('rita')).text('.message')).to.contain('Read by');
    });

    it('lead staff who have answered to the next one who waits, and from the last one back', async () => {
      const first = bookingId;
      const other = await aBookingOf(app.db, 'rita');
      await app.db('booking_messages').whereNull('answered_at').update({ answered_at: app.db.fn.now() });
      await send('rita', 'Which entrance?').expect(201);
      bookingId = other;
      await send('rita', 'And here?').expect(201);
      bookingId = first;
      const link = '#messages .muted a';
      expect((await show('rita')).has(link)).to.equal(false);
      const page = await show('sam');
      expect(page.text(link)).to.equal('Leave it, and open the next one');
      expect(await markupErrors(page)).to.deep.equal([]);
      const sent = await pages.sam.post(path(), { ...page.form(path()), text: 'The one in Bay Street' });
      expect(sent.at).to.equal(`/bookings/${first}?answered#messages`);
      expect(sent.text(link)).to.equal('Answer the next one');
      expect((await pages.sam.get(sent.attribute(link, 'href'))).at).to.equal(`/bookings/${other}#messages`);
      const dismissed = await pages.sam.post(`/bookings/${other}/messages/answered`, {});
      expect((await pages.sam.get(dismissed.attribute(link, 'href'))).at).to.equal('/admin?last=unanswered');
      expect((await show('sam')).has(link), 'opened later').to.equal(false);
    });

    it('are named beside a missing detail that they may hold, until staff have answered', async () => {
      await app.db('bookings').where({ id: bookingId }).update({ details_needed: true, examinee_phone: '' });
      const next = async () => (await show('rita')).text('#booking-next');
      expect(await next()).to.match(/phone number from you\. *Send it in a message/);
      await send('rita', 'It is 0412 345 678').expect(201);
      expect(await next()).to.match(/If your message of .* names it, .* Read the messages/);
      await send('sam', 'That number does not answer').expect(201);
      expect(await next()).to.match(/phone number from you\. *Send it in a message/);
    });

    it('are news on the referrer’s home until they are opened', async () => {
      await send('sam', 'Please send the brief.');
      const home = async () =>
        (await pages.rita.get('/')).all(`a[href="/bookings/${bookingId}#messages"]`).length;
      expect(await home()).to.be.above(0);
      await show('rita');
      expect(await home()).to.equal(0);
    });

    it('keep what was typed when it is refused', async () => {
      const page = await show('rita');
      const long = 'x'.repeat(4001);
      const refused = await pages.rita.post(path(), { ...page.form(path()), text: long });
      expect(refused.status).to.equal(422);
      expect(refused.text('.error-summary')).to.contain('at most 4000');
      expect(refused.text('#text')).to.equal(long);
    });

    it('refresh on an open page, and nothing is sent while nothing changed', async () => {
      const seen = (page: { attribute(selector: string, name: string): string }, of: string) =>
        encodeURIComponent(page.attribute(of, 'value'));
      const page = await show('rita');
      const state = () =>
        `/bookings/${bookingId}/status?seen=${seen(page, '#booking-seen')}&documents=${seen(page, '#documents-seen')}&messages=${seen(page, '#messages-seen')}`;
      const headers = { 'HX-Request-Type': 'partial', 'X-Polling': 'true' };
      expect((await pages.rita.get(state(), headers)).status).to.equal(204);
      await send('sam', 'News');
      const answer = await pages.rita.get(state(), headers);
      expect(answer.text('.message')).to.contain('News');
      expect(answer.has('form')).to.equal(false);
      expect((await read('rita')).map(({ isUnread }) => isUnread)).to.deep.equal([true]);
    });

    it('show the newest fifty, and older ones page by page', async () => {
      await app.db('booking_messages').insert(
        Array.from({ length: 120 }, (_, n) => ({
          id: randomUUID(),
          booking_id: bookingId,
          body: `Number ${n}`,
          is_from_staff: true,
          created_by_id: ids.sam,
          idempotency_key: randomUUID(),
          created_at: new Date(Date.UTC(2026, 1, 1, 0, n)),
        })),
      );
      const page = await show('rita');
      expect(page.texts('.message-text')).to.deep.equal(
        Array.from({ length: 50 }, (_, n) => `Number ${70 + n}`),
      );
      const older = await pages.rita.get(page.attribute('#message-list > p a', 'href'));
      expect(older.texts('.message-text')[0]).to.equal('Number 20');
      const oldest = await pages.rita.get(older.attribute('.card > p a', 'href'));
      expect(oldest.texts('.message-text')).to.have.length(20);
      expect(await markupErrors(oldest)).to.deep.equal([]);
    });

    it('return the same message for a form that is sent again after many others', async () => {
      const key = randomUUID();
      const first = (await send('rita', 'Hello', key)).body as { message: MessageJson };
      await app.database.owner('booking_messages').insert(
        Array.from({ length: 60 }, (_, n) => ({
          id: randomUUID(),
          booking_id: bookingId,
          body: `Number ${n}`,
          is_from_staff: false,
          created_by_id: ids.rob,
          idempotency_key: randomUUID(),
        })),
      );
      const again = (await send('rita', 'Hello', key).expect(201)).body as { message: MessageJson };
      expect(again.message.id).to.equal(first.message.id);
    });

    it('keep notes of staff from every referrer, in every shape', async () => {
      const page = await show('sam');
      const notes = `/bookings/${bookingId}/notes`;
      const added = await pages.sam.post(notes, { ...page.form(notes), note: secret });
      expect(added.text('#notes')).to.contain(secret);
      expect((await show('sam')).text('#notes')).to.contain(secret);
      await agents.rita
        .post(notes)
        .type('form')
        .send({ note: 'x', idempotencyKey: randomUUID() })
        .expect(403);
      const acting = await app.signIn(addresses.ada);
      await acting
        .post('/admin/impersonate')
        .send({ userId: ids.rita, reason: 'She is on the phone' })
        .expect(200);
      for (const agent of [agents.rita, agents.rob, acting])
        for (const [address, accept] of [
          [`/bookings/${bookingId}`, 'text/html'],
          [`/bookings/${bookingId}`, 'application/json'],
          [path(), 'application/json'],
          [path(), 'text/html'],
          ['/bookings', 'text/html'],
          ['/bookings', 'application/json'],
          ['/bookings?q=difficult', 'application/json'],
          [`/bookings/${bookingId}/calendar.ics`, '*/*'],
          [`/bookings/${bookingId}/instructions`, 'text/html'],
          ['/', 'text/html'],
        ] as const) {
          const { text } = await agent.get(address).set('Accept', accept).buffer(true);
          expect(text, `${address} ${accept}`).not.to.match(/difficult on|Staff notes/);
        }
      expect(JSON.stringify(await app.db('emails'))).not.to.contain('difficult');
      expect(JSON.stringify(await app.db('audit_log'))).not.to.contain('difficult');
      expect(await audited('note.added')).to.have.length(1);
    });

    it('refuse a person who writes very many within an hour, and keep what was typed', async () => {
      for (let count = 0; count < mostInHour; count++) await send('rob', `Number ${count}`);
      const refused = await send('rob', 'One more').expect(429);
      expect(refused.headers['retry-after']).to.match(/^\d+$/);
      const typed = { text: 'One more', idempotencyKey: randomUUID() };
      const page = await agents.rob
        .post(path())
        .type('form')
        .set('Accept', 'text/html')
        .send(typed)
        .expect(429);
      expect(page.text)
        .to.match(/One more<\/textarea>/)
        .and.to.contain('many messages within an hour');
      expect(page.headers['retry-after']).to.match(/^\d+$/);
      await send('rita', 'I may').expect(201);
      expect(
        JSON.stringify(await app.db('booking_messages').where({ booking_id: bookingId })),
      ).not.to.contain('One more');
    });

    it('take nothing more once a booking is archived', async () => {
      await app.database.owner('bookings').where({ id: bookingId }).update({ status: 'archived' });
      await send('rita', 'Hello').expect(409);
      expect((await show('rita')).has(`form[action="${path()}"]`)).to.equal(false);
    });
  });
});
