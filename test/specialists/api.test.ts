import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { acuityDown, createFakeAcuity, type FakeAcuity } from '../support/fakes/acuity.ts';
import { createFakeClock, type FakeClock } from '../support/fakes/clock.ts';

interface SpecialistJson {
  id: string;
  name: string;
  types: string[];
}
interface ProblemJson {
  code: string;
  status: number;
  errors?: { path: string; message: string }[];
}

describe('the specialists API', () => {
  let acuity: FakeAcuity;
  let clock: FakeClock;
  let app: TestApp;
  let rita: Agent;
  let amelia: SpecialistJson;

  before(async () => {
    acuity = createFakeAcuity();
    clock = createFakeClock();
    app = await startTestApp({ overrides: { acuity, clock } });
    rita = await app.signIn('rita@harbour-legal.example');
    const { specialists } = await list('?q=hart');
    amelia = specialists[0] as SpecialistJson;
  });
  after(() => app.close());
  beforeEach(() => {
    acuity.recover();
    acuity.calls.length = 0;
    // Ages the cache: nothing from the last test is fresh, nor recent enough to be shown as stale.
    clock.pass({ hours: 2 });
  });

  async function list(query = ''): Promise<{ specialists: SpecialistJson[] }> {
    const res = await rita.get(`/specialists${query}`).expect(200);
    return res.body as { specialists: SpecialistJson[] };
  }
  const availability = (query: string, id = amelia.id) =>
    rita.get(`/specialists/${id}/availability?${query}`);

  async function problem(query: string, status: number, id = amelia.id): Promise<ProblemJson> {
    const res = await availability(query, id)
      .expect(status)
      .expect('Content-Type', /application\/problem\+json/);
    return res.body as ProblemJson;
  }

  describe('GET /specialists', () => {
    it('lists the active ones with what they offer, and nothing else about them', async () => {
      const { specialists } = await list();
      expect(specialists.length).to.be.at.least(6);
      expect(amelia).to.have.all.keys(
        'id',
        'name',
        'title',
        'specialty',
        'location',
        'timezone',
        'types',
        'nextFree',
      );
      expect(amelia).to.deep.include({
        name: 'Dr Amelia Hart',
        timezone: 'Australia/Sydney',
        types: ['in_person'],
      });
    });

    it('filters by specialty and by town, and names the next free time that is known', async () => {
      acuity.offer(7001, '2026-12-21T10:00:00+11:00', '2026-12-21T11:00:00+11:00');
      acuity.offer(7003, '2026-12-20T10:00:00+11:00');
      await app.system.services.nextFreeFiller.fill();
      acuity.calls.length = 0;
      const { specialists } = await list('?specialty=orthopaedic%20surgery&location=Sydney%20NSW');
      expect(specialists.map(({ name }) => name)).to.include('Dr Amelia Hart');
      for (const one of specialists) expect(one).to.include({ specialty: 'Orthopaedic surgery' });
      expect(specialists.find(({ id }) => id === amelia.id)).to.have.deep.property('nextFree', {
        type: 'in_person',
        startsAt: '2026-12-20T23:00:00.000Z',
        durationMinutes: 60,
        asOf: clock.now().toISOString(),
      });
      expect((await list('?sort=soonest')).specialists[0]?.name).to.equal('Dr Chen Wei');
      expect((await list('?location=Atlantis')).specialists).to.deep.equal([]);
      const res = await rita.get('/specialists/first-free?type=in_person&limit=2').expect(200);
      const { times } = res.body as { times: { specialist: SpecialistJson; startsAt: string }[] };
      expect(times.map(({ specialist, startsAt }) => [specialist.name, startsAt])).to.deep.equal([
        ['Dr Chen Wei', '2026-12-19T23:00:00.000Z'],
        ['Dr Amelia Hart', '2026-12-20T23:00:00.000Z'],
      ]);
      expect(acuity.calls).to.deep.equal([]);
      await rita.get('/specialists/first-free?limit=0').expect(422);
    });

    it('filters by text and by type', async () => {
      const names = (await list('?q=psychiatry&type=telehealth')).specialists.map(({ name }) => name);
      expect(names).to.have.members(['Dr Bruno Keller', 'Dr Dalia Osman']);
      expect((await list('?q=nobody')).specialists).to.deep.equal([]);
    });

    it('refuses an unknown type, two texts and a very long one', async () => {
      for (const query of ['type=house_call', 'q=a&q=b', `q=${'x'.repeat(201)}`]) {
        const res = await rita.get(`/specialists?${query}`).expect(422);
        expect((res.body as ProblemJson).code).to.equal('invalid');
      }
    });

    it('requires a session', async () => {
      const res = await app.anonymous().get('/specialists').expect(401);
      expect((res.body as ProblemJson).code).to.equal('not_signed_in');
      await app
        .anonymous()
        .get(`/specialists/${amelia.id}/availability?type=in_person&date=2026-12-01`)
        .expect(401);
    });
  });

  describe('GET /specialists/:id/availability', () => {
    it('returns the free times of a day, and whether they come from the cache', async () => {
      acuity.offer(7001, '2026-12-01T10:00:00+11:00', '2026-12-01T09:00:00+11:00');
      const first = await availability('type=in_person&date=2026-12-01')
        .expect(200)
        .expect('X-Cache', 'MISS');
      expect(first.body).to.deep.equal({
        specialistId: amelia.id,
        type: 'in_person',
        date: '2026-12-01',
        timezone: 'Australia/Sydney',
        slots: [
          { startsAt: '2026-11-30T22:00:00.000Z', durationMinutes: 60 },
          { startsAt: '2026-11-30T23:00:00.000Z', durationMinutes: 60 },
        ],
      });
      expect(first.headers.vary)
        .to.match(/Accept/)
        .and.to.match(/HX-Request-Type/);
      const second = await availability('type=in_person&date=2026-12-01').expect('X-Cache', 'HIT');
      expect(second.body).to.deep.equal(first.body);
      expect(acuity.calls).to.have.length(1);
    });

    it('returns the days of a month', async () => {
      acuity.offer(7001, '2027-02-03T10:00:00+11:00', '2027-02-05T10:00:00+11:00');
      const res = await availability('type=in_person&month=2027-02').expect(200).expect('X-Cache', 'MISS');
      expect(res.body).to.deep.equal({
        specialistId: amelia.id,
        type: 'in_person',
        month: '2027-02',
        timezone: 'Australia/Sydney',
        dates: ['2027-02-03', '2027-02-05'],
      });
    });

    it("reads day and month in the reader's zone when it is named", async () => {
      acuity.offer(7001, '2027-03-01T10:00:00+11:00');
      const day = await availability('type=in_person&date=2027-02-28&timezone=Europe/London').expect(200);
      expect(day.body).to.deep.include({
        timezone: 'Europe/London',
        slots: [{ startsAt: '2027-02-28T23:00:00.000Z', durationMinutes: 60 }],
      });
      const month = await availability('type=in_person&month=2027-02&timezone=Europe/London').expect(200);
      expect((month.body as { dates: string[] }).dates).to.include('2027-02-28');
    });

    it('refuses parameters that make no sense, naming the parameter', async () => {
      const refused: [query: string, path: string][] = [
        ['type=in_person', 'date'],
        ['type=in_person&date=2026-12-01&month=2026-12', 'date'],
        ['type=in_person&date=2026-02-30', 'date'],
        ['type=in_person&date=2026-12-1', 'date'],
        ['type=in_person&date=tomorrow', 'date'],
        ['type=in_person&date=', 'date'],
        ['type=in_person&date=2026-12-01&date=2026-12-02', 'date'],
        ['type=in_person&month=2026-13', 'month'],
        ['type=in_person&date=2026-12-01&timezone=Mars/Base', 'timezone'],
        ['type=in_person&date=2026-12-01&timezone=%2B10:00', 'timezone'],
        ['date=2026-12-01', 'type'],
        ['type=surgery&date=2026-12-01', 'type'],
        ['type=telehealth&date=2026-12-01', 'type'],
      ];
      for (const [query, path] of refused) {
        const { code, errors } = await problem(query, 422);
        expect(code, query).to.equal('invalid');
        expect(
          errors?.map((error) => error.path),
          query,
        ).to.include(path);
      }
      expect(acuity.calls).to.have.length(0);
    });

    it('answers 404 for specialists who are unknown or no longer active', async () => {
      const query = 'type=in_person&date=2026-12-01';
      expect((await problem(query, 404, randomUUID())).code).to.equal('not_found');
      expect((await problem(query, 404, 'amelia')).code).to.equal('not_found');
      await app.db('specialists').where({ id: amelia.id }).update({ is_active: false });
      try {
        expect((await problem(query, 404)).code).to.equal('not_found');
        expect((await list('?q=hart')).specialists).to.deep.equal([]);
      } finally {
        await app.db('specialists').where({ id: amelia.id }).update({ is_active: true });
      }
    });

    it('answers 503 acuity_queue_full with Retry-After when our own queue for Acuity is full', async () => {
      acuity.failWith({ reason: 'queue_full', retryAfterMs: 4_000 });
      const res = await availability('type=in_person&date=2026-12-21').expect(503).expect('Retry-After', '4');
      expect((res.body as ProblemJson).code).to.equal('acuity_queue_full');
    });

    it('serves times up to an hour old when Acuity does not answer, then 503 with Retry-After', async () => {
      const query = 'type=in_person&date=2026-12-20';
      acuity.offer(7001, '2026-12-20T10:00:00+11:00');
      const fresh = await availability(query).expect('X-Cache', 'MISS');
      acuity.failWith(acuityDown);
      clock.pass({ minutes: 6 });
      const stale = await availability(query).expect(200).expect('X-Cache', 'STALE');
      expect(stale.body).to.deep.equal(fresh.body);
      clock.pass({ minutes: 55 });
      const res = await availability(query).expect(503).expect('Retry-After', '10');
      expect((res.body as ProblemJson).code).to.equal('acuity_unavailable');
    });

    it('answers 502 when Acuity made an error', async () => {
      acuity.failWith({
        reason: 'refused',
        code: 'invalid_calendar',
        message: 'No such calendar',
        status: 400,
      });
      expect((await problem('type=in_person&date=2026-12-21', 502)).code).to.equal('acuity_error');
    });
  });
});
