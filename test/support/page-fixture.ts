// The real app with a fake Acuity whose calendars the test fills, and a clock that it sets.
import type { AppGround } from './app-ground.ts';
import { startTestApp, type TestApp } from './app.ts';
import { createFakeAcuity, type FakeAcuity } from './fakes/acuity.ts';
import { withFaults, type FaultyAcuity } from './faulty-acuity.ts';
import { createVisitor, type Visit, type Visitor } from './visitor.ts';

export interface PageFixture {
  app: TestApp;
  acuity: FakeAcuity & Pick<FaultyAcuity, 'failNext'>;
  clock: { at: Date };
  visitor(): Visitor;
  signedIn(email: string): Promise<Visitor>;
  specialistId(name: string): Promise<string>;
  /** Takes Rita's journey to a step; returns the draft's id. */
  draftAt(visitor: Visitor, step: 'time' | 'examinee' | 'check'): Promise<string>;
  close(): Promise<void>;
}

export const rita = 'rita@harbour-legal.example';
export const nadia = 'nadia@northside-claims.example';
export const sam = 'sam@examdesk.example';

/** A Tuesday in Sydney's summer. */
export const nineOnTuesday = '2026-12-01T09:00:00+11:00';
export const tenOnTuesday = '2026-12-01T10:00:00+11:00';
export const elevenOnTuesday = '2026-12-01T11:00:00+11:00';
export const inUtc = (time: string): string => new Date(time).toISOString();

export const ewan = {
  firstName: 'Ewan',
  lastName: 'Marsh',
  phone: '0412 345 678',
  email: '',
  'dateOfBirth-day': '27',
  'dateOfBirth-month': '3',
  'dateOfBirth-year': '1984',
  claimNumber: 'CL-2207',
  notes: 'Needs an interpreter.',
};

/** Dr Amelia Hart's calendar. */
export const amelia = 7001;

/** Offers three times on that Tuesday, one on the next day and one in the new year. */
export function offerTimes({ acuity }: Pick<PageFixture, 'acuity'>): void {
  acuity.offer(
    amelia,
    nineOnTuesday,
    tenOnTuesday,
    elevenOnTuesday,
    '2026-12-02T14:00:00+11:00',
    '2027-01-12T14:00:00+11:00',
  );
}

/** @param ground unset: a database of its own */
export async function openPageFixture(ground?: AppGround): Promise<PageFixture> {
  const clock = { at: new Date('2026-11-23T09:00:00+11:00') };
  const fake = createFakeAcuity();
  const faulty = withFaults(fake);
  const acuity = { ...fake, ...faulty };
  const app = await startTestApp({
    ...(ground && { ground }),
    overrides: {
      acuity,
      clock: { now: () => clock.at },
      bookings: { timings: { patienceMs: 200, inFlightMs: 100, uncalledMs: 100, sweepAfterMs: 0 } },
    },
  });
  const visitor = () => createVisitor(app.url);
  const specialistId = async (name: string) => {
    const row = await app.db('specialists').where({ name }).first('id');
    if (!row) throw new Error(`The demo has no ${name}`);
    return row.id;
  };
  return {
    app,
    acuity,
    clock,
    visitor,
    specialistId,
    signedIn: (email) => app.signedInVisitor(email),
    async draftAt(person, step) {
      const specialist = await specialistId('Dr Amelia Hart');
      const started = await person.post('/bookings/new', { specialistId: specialist, type: 'in_person' });
      const draftId = draftIdOf(started);
      if (step === 'time') return draftId;
      await person.post(`/bookings/new/${draftId}/time`, { startsAt: inUtc(nineOnTuesday) });
      if (step === 'examinee') return draftId;
      await person.post(`/bookings/new/${draftId}/examinee`, ewan);
      return draftId;
    },
    close: () => app.close(),
  };
}

export function draftIdOf({ at }: Pick<Visit, 'at'>): string {
  const id = /^\/bookings\/new\/([0-9a-f-]{36})\//.exec(at)?.[1];
  if (!id) throw new Error(`Not a step of a draft: ${at}`);
  return id;
}
