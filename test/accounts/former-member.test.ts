// A referrer books for one organisation. Then an admin moves her to another one, which may be the opponent.
import { expect } from 'chai';
import type { Test } from 'supertest';
import type { Mail } from '../../src/ports/mailer.ts';
import { dayAhead, timeAhead } from '../support/days.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { pdf } from '../support/builders/files.ts';
import { sendDirectly, type DirectSender } from '../support/direct-upload.ts';
import { createFakeAcuity, type FakeAcuity } from '../support/fakes/acuity.ts';
import { withFaults, type FaultyAcuity } from '../support/faulty-acuity.ts';
import { openTestStorage, type TestStorage } from '../support/object-storage.ts';
import { anOrganization, aReferrer, type OwnOrganization, type OwnPerson } from '../support/own-people.ts';
import { aSender } from '../support/mail-parts.ts';

const ada = 'ada@examdesk.example';
const html = { Accept: 'text/html' };
const partial = { ...html, 'HX-Request-Type': 'partial' };
const examinee = { firstName: 'Ewan', lastName: 'Marsh', phone: '0412 345 678' };
const claimNumber = 'CL-2207';

interface BookingJson {
  id: string;
  reference: string;
  startsAt: string;
  organization: { name: string } | null;
}

describe('a former member of an organisation', () => {
  let storage: TestStorage;
  let fake: FakeAcuity;
  let acuity: FaultyAcuity;
  let app: TestApp;
  let specialistId: string;
  // Of each test: the member, a colleague, somebody of the other organisation, and the demo's admin.
  let agents: { rita: Agent; rob: Agent; nadia: Agent; ada: Agent };
  let rita: OwnPerson;
  let harbour: OwnOrganization;
  let northside: OwnOrganization;
  let hours = 0;

  const freeTime = async (): Promise<string> => {
    hours += 1;
    const startsAt = new Date(Date.parse(timeAhead(10)) + hours * 3_600_000).toISOString();
    fake.offer(7001, startsAt);
    await app.system.services.availability.invalidate(7001);
    return startsAt;
  };
  const requestAt = (startsAt: string) => ({
    specialistId,
    type: 'in_person',
    startsAt,
    examinee,
    claimNumber,
  });
  const book = async (agent: Agent): Promise<BookingJson> => {
    const answer = await agent
      .post('/bookings')
      .send(requestAt(await freeTime()))
      .expect(201);
    return (answer.body as { booking: BookingJson }).booking;
  };
  const form = (agent: Agent, path: string, fields: object): Test =>
    agent.post(path).set(html).type('form').send(fields);
  const moveRitaTo = ({ id: organizationId }: OwnOrganization) =>
    form(agents.ada, `/account/people/${rita.id}/role`, { role: 'referrer', organizationId }).expect(303);
  const mergeOrganizations = () => {
    const fields = { kind: 'organization', from: harbour.name, into: northside.name };
    return form(agents.ada, '/admin/merges', { ...fields, reason: 'One firm now' }).expect(303);
  };

  before(async () => {
    storage = await openTestStorage();
    fake = createFakeAcuity();
    acuity = withFaults(fake);
    app = await startTestApp({
      env: storage.env,
      overrides: { acuity, bookings: { timings: { patienceMs: 100, inFlightMs: 0, uncalledMs: 0 } } },
    });
    ({ id: specialistId } = (await app.db('specialists').where({ acuity_calendar_id: 7001 }).first('id')) as {
      id: string;
    });
  });
  after(async () => {
    await app.close();
    await storage.close();
  });
  beforeEach(async () => {
    harbour = await anOrganization(app.db, 'Harbour Legal');
    northside = await anOrganization(app.db, 'Northside Claims');
    rita = await aReferrer(app.db, harbour.id);
    const rob = await aReferrer(app.db, harbour.id);
    const nadia = await aReferrer(app.db, northside.id);
    agents = {
      rita: await app.signIn(rita.email),
      rob: await app.signIn(rob.email),
      nadia: await app.signIn(nadia.email),
      ada: await app.signIn(ada),
    };
  });

  /** The organisations of what she has booked, one for each booking. */
  const bookedFor = () => app.db('bookings').where({ created_by_id: rita.id }).pluck('organization_id');

  /** Herself, or an admin in her session, who then has exactly her rights. */
  const asRita = async (who: string): Promise<Agent> => {
    if (who === 'herself') return agents.rita;
    const acting = await app.signIn(ada);
    await acting.post('/admin/impersonate').send({ userId: rita.id, reason: 'On the phone' }).expect(200);
    return acting;
  };

  for (const who of ['herself', 'with an admin acting']) {
    describe(who, () => {
      let booking: BookingJson;
      let documentId: string;
      let upload: DirectSender;
      let agent: Agent;

      beforeEach(async () => {
        booking = await book(agents.rita);
        const sent = agents.rita.post(`/bookings/${booking.id}/documents`).field('category', 'brief');
        const stored = await sent.attach('files', pdf(), 'brief.pdf').expect(201);
        documentId = (stored.body as { documents: { id: string }[] }).documents[0]?.id ?? '';
        upload = await sendDirectly({ rita: agents.rita, bookingId: booking.id }, pdf(), {}, agents.rita);
        await upload.send();
        await moveRitaTo(northside);
        agent = await asRita(who);
      });

      const none = (answer: { status: number; text: string }, what: string): void => {
        expect(answer.status, what).to.equal(404);
        for (const word of [booking.reference, examinee.lastName, claimNumber, 'brief'])
          expect(answer.text ?? '', what).not.to.contain(word);
      };

      it('finds no booking in pages, JSON and calendar files', async () => {
        const path = `/bookings/${booking.id}`;
        none(await agent.get(path), 'JSON');
        none(await agent.get(path).set(html), 'page');
        none(await agent.get(`${path}?confirmed`).set(html), 'confirmation');
        none(await agent.get(`${path}/status`).set(partial), 'part of the page');
        none(await agent.get(`${path}/documents`).set(partial), 'its documents');
        none(await agent.get(`${path}/calendar.ics`), 'calendar');
        none(await agent.get(`${path}/calendar.ics`).set(html), 'calendar as a page');
        none(await agent.get(`${path}/reschedule`).set(html), 'reschedule');
        none(await agent.get(`${path}/cancel`).set(html), 'cancel');
        const denied = await app.db('audit_log').where({ action: 'access.denied', resource_id: booking.id });
        expect(denied.length).to.be.at.least(9);
      });

      it('finds nothing in lists, searches, months and on the first page', async () => {
        const { body } = await agent.get('/bookings').expect(200);
        expect(body).to.deep.equal({ bookings: [], nextCursor: null });
        for (const q of ['Marsh', booking.reference, claimNumber]) {
          const found = await agent.get('/bookings').query({ q }).expect(200);
          expect(found.body.bookings, q).to.deep.equal([]);
        }
        for (const path of [
          '/',
          '/bookings',
          `/bookings?view=calendar&month=${dayAhead().slice(0, 7)}`,
          `/bookings?specialistId=${specialistId}`,
        ]) {
          const page = await agent.get(path).set(html).expect(200);
          expect(page.text, path).not.to.contain(booking.reference).and.not.to.contain('Marsh');
        }
        const search = await form(agent, '/bookings/search', { q: 'Marsh' }).expect(303);
        const page = await agent
          .get(search.headers.location as string)
          .set(html)
          .expect(200);
        expect(page.text).not.to.contain(booking.reference);
      });

      it('changes and cancels nothing', async () => {
        const path = `/bookings/${booking.id}`;
        const startsAt = await freeTime();
        const appointments = [...fake.appointments.values()];
        none(await agent.post(`${path}/reschedule`).send({ startsAt }), 'reschedule');
        none(await form(agent, `${path}/reschedule`, { startsAt }), 'reschedule form');
        none(await agent.post(`${path}/cancel`).send({ reason: 'Against them' }), 'cancel');
        none(await form(agent, `${path}/cancel`, { reason: '' }), 'cancel form');
        expect([...fake.appointments.values()]).to.deep.equal(appointments);
        const own = appointments.filter(({ answers }) => answers.get(9101) === booking.reference);
        expect(own.map(({ canceled }) => canceled)).to.deep.equal([false]);
        const found = await agents.rob.get(path).expect(200);
        expect(found.body.booking).to.include({ startsAt: booking.startsAt, status: 'active', version: 1 });
        const attempts = app.db('booking_attempts').where({ booking_id: booking.id });
        expect(await attempts.pluck('kind')).to.deep.equal(['book']);
      });

      it('reads and deletes no document, also of those uploaded in person', async () => {
        const path = `/documents/${documentId}`;
        none(await agent.get(path), 'file');
        none(await agent.get(path).set('Range', 'bytes=0-3'), 'range');
        for (const page of [path, `${path}/view`, `${path}/receipt`, `${path}/delete`])
          none(await agent.get(page).set(html), page);
        none(await agent.delete(path), 'DELETE');
        none(await form(agent, `${path}/delete`, {}), 'delete form');
        await agents.rob.get(path).expect(200);
      });

      it('uploads nothing, and continues no upload that was in progress', async () => {
        const path = `/bookings/${booking.id}/documents`;
        const sending = agent.post(path).field('category', 'brief');
        none(await sending.attach('files', pdf(), 'brief.pdf'), 'upload');
        const start = { fileName: 'brief.pdf', sizeBytes: 20_000_000, category: 'brief' };
        none(await agent.post(`${path}/uploads`).send(start), 'start');
        const parts = upload.claims;
        none(await agent.post(`${path}/uploads/${upload.id}/parts`).send({ parts }), 'parts');
        none(await upload.complete(parts, agent), 'complete');
        none(await agent.delete(`${path}/uploads/${upload.id}`), 'cancel');
        const { body } = await agents.rob.get(`/bookings/${booking.id}`).expect(200);
        expect(body.documents).to.have.length(1);
      });

      it('books for the organisation of today', async () => {
        const own = await book(agent);
        expect(own.organization).to.deep.include({ name: northside.name });
        await agents.nadia.get(`/bookings/${own.id}`).expect(200);
        await agents.rob.get(`/bookings/${own.id}`).expect(404);
        expect((await agent.get('/bookings')).body.bookings).to.have.length(1);
      });

      it('sees everything again after returning to the organisation', async () => {
        await moveRitaTo(harbour);
        await agent.get(`/bookings/${booking.id}`).expect(200);
        expect((await agent.get('/bookings')).body.bookings).to.have.length(1);
        await agent.delete(`/documents/${documentId}`).expect(204);
      });
    });
  }

  it('sees nothing when they belong to no organisation', async () => {
    const booking = await book(agents.rita);
    await app.db('members').where({ user_id: rita.id }).delete();
    await agents.rita.get(`/bookings/${booking.id}`).expect(404);
    expect((await agents.rita.get('/bookings').expect(200)).body.bookings).to.deep.equal([]);
  });

  it('is answered 409 when an idempotency key was used for another organisation', async () => {
    const request = requestAt(await freeTime());
    const send = (body: object) => agents.rita.post('/bookings').set('Idempotency-Key', 'monday').send(body);
    const first = await send(request).expect(201);
    await moveRitaTo(northside);
    const again = await send(request).expect(409);
    expect(again.body.code).to.equal('idempotency_conflict');
    expect(again.text).not.to.contain((first.body as { booking: BookingJson }).booking.id);
    await send(requestAt(await freeTime())).expect(409);
    await moveRitaTo(harbour);
    const back = await send(request).expect(201);
    expect(back.body).to.deep.equal(first.body);
  });

  describe('an attempt', () => {
    /** Acuity booked it, and its answer was lost. */
    const lostBooking = async (): Promise<string> => {
      acuity.failNext('after');
      const { headers } = await agents.rita
        .post('/bookings')
        .send(requestAt(await freeTime()))
        .expect(202);
      return headers.location as string;
    };
    const settle = (location: string) =>
      app.system.services.settlement.settle(location.replace('/bookings/attempts/', ''));
    const look = async (agent: Agent, location: string) => {
      const [page, json] = [await agent.get(location).set(html), await agent.get(location)];
      return [page.status, json.status];
    };

    it('is for the organisation that it was made in, while it is open and once it is settled', async () => {
      const location = await lostBooking();
      await moveRitaTo(northside);
      expect(await look(agents.rita, location)).to.deep.equal([404, 404]);
      expect(await look(agents.nadia, location)).to.deep.equal([404, 404]);
      expect(await look(agents.rob, location)).to.deep.equal([200, 200]);
      await settle(location);
      expect(await look(agents.rita, location)).to.deep.equal([404, 404]);
      expect(await look(agents.rob, location)).to.deep.equal([303, 200]);
      expect(await bookedFor()).to.deep.equal([harbour.id]);
    });

    it('to change a booking is for the organisation that the booking is of today', async () => {
      const booking = await book(agents.rita);
      acuity.failNext('before');
      const sent = agents.rita.post(`/bookings/${booking.id}/cancel`).send({ reason: 'Settled' });
      const location = (await sent.expect(202)).headers.location as string;
      await moveRitaTo(northside);
      await settle(location);
      expect(await look(agents.rita, location)).to.deep.equal([404, 404]);
      expect(await look(agents.rob, location)).to.deep.equal([200, 200]);
      await app.db('bookings').where({ id: booking.id }).update({ organization_id: northside.id });
      expect(await look(agents.rita, location)).to.deep.equal([200, 200]);
      expect(await look(agents.rob, location)).to.deep.equal([404, 404]);
    });

    it('follows its organisation when that is merged into another', async () => {
      const location = await lostBooking();
      await mergeOrganizations();
      for (const agent of [agents.rita, agents.rob, agents.nadia])
        expect(await look(agent, location)).to.deep.equal([200, 200]);
      await settle(location);
      const { body } = await agents.rita.get('/bookings').expect(200);
      expect(body.bookings).to.have.length(1);
      await agents.rita.get(`/bookings/${body.bookings[0].id}`).expect(200);
    });
  });

  it('gets no mail about what was booked before', async () => {
    const sent: Mail[] = [];
    const emails = aSender({
      db: app.db,
      jobs: app.system.services.jobs,
      mailer: { send: async (mail) => void sent.push(mail) },
    });
    const earlier = await app.db('emails').pluck('id');
    const later = () => app.db('emails').whereNotIn('id', earlier);
    const sendAll = async () => {
      for (const key of await later().where({ status: 'queued' }).pluck('id')) await emails.send(key);
      return later().orderBy('created_at').select('kind', 'status');
    };
    const booking = await book(agents.rita);
    acuity.failNext('before');
    await agents.rita
      .post('/bookings')
      .send(requestAt(await freeTime()))
      .expect(202);
    const own = app.db('booking_attempts').where({ state: 'open', created_by_id: rita.id });
    const open = (await own.first('id')) as { id: string };
    await moveRitaTo(northside);
    await app.system.services.settlement.settle(open.id);
    await agents.rob.post(`/bookings/${booking.id}/cancel`).send({ reason: 'Settled' }).expect(200);
    expect(await sendAll()).to.deep.equal([
      { kind: 'booking_confirmation', status: 'withheld' },
      { kind: 'booking_failed', status: 'withheld' },
      { kind: 'booking_cancelled', status: 'withheld' },
    ]);
    expect(sent).to.deep.equal([]);
  });

  describe('a draft', () => {
    const steps = (draftId: string) => [
      `/bookings/new?draft=${draftId}`,
      ...['time', 'examinee', 'check'].map((step) => `/bookings/new/${draftId}/${step}`),
    ];
    /** Everything is filled in, and only to be confirmed. */
    const aDraft = async (agent: Agent) => {
      const begun = await form(agent, '/bookings/new', { specialistId, type: 'in_person' }).expect(303);
      const draftId = /new\/([^/]+)\//.exec(begun.headers.location as string)?.[1] ?? '';
      const typed = { 'dateOfBirth-day': '27', 'dateOfBirth-month': '3', 'dateOfBirth-year': '1984' };
      await form(agent, `/bookings/new/${draftId}/time`, { startsAt: await freeTime() }).expect(303);
      const fields = { ...examinee, ...typed, claimNumber, email: '', notes: '' };
      await form(agent, `/bookings/new/${draftId}/examinee`, fields).expect(303);
      const check = await agent.get(`/bookings/new/${draftId}/check`).set(html).expect(200);
      const idempotencyKey = /name="idempotencyKey" value="([^"]+)"/.exec(check.text)?.[1] ?? '';
      return { draftId, idempotencyKey };
    };

    it('begun in the old organisation is hidden after the move, and shown again when its owner returns', async () => {
      const draft = await aDraft(agents.rita);
      const appointments = fake.appointments.size;
      await moveRitaTo(northside);
      for (const path of steps(draft.draftId)) {
        const { status, text } = await agents.rita.get(path).set(html);
        expect(status, path).to.equal(410);
        expect(text, path).not.to.contain('Marsh');
      }
      const fields = { ...examinee, claimNumber };
      await form(agents.rita, `/bookings/new/${draft.draftId}/examinee`, fields).expect(410);
      await form(agents.rita, '/bookings', draft).expect(410);
      expect(fake.appointments.size).to.equal(appointments);
      await moveRitaTo(harbour);
      const booked = await form(agents.rita, '/bookings', draft).expect(303);
      expect(booked.headers.location).to.match(/^\/bookings\/[\da-f-]{36}\?confirmed$/);
      expect(await bookedFor()).to.deep.equal([harbour.id]);
    });

    it('moves with its organisation when that is merged into another', async () => {
      const draft = await aDraft(agents.rita);
      await mergeOrganizations();
      await form(agents.rita, '/bookings', draft).expect(303);
      expect(await bookedFor()).to.deep.equal([northside.id]);
    });
  });
});
