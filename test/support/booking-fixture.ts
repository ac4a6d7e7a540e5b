// The rooms around bookings on a real database, with a fake Acuity: for tests of rules and of what is stored.
import type pg from 'pg';
import pino from 'pino';
import { openPool } from '../../src/db/knex.ts';
import { createStatements, type Statements } from '../../src/db/statements.ts';
import type { Actor, Viewer } from '../../src/accounts/index.ts';
import { systemIds } from '../../src/adapters/system-ids.ts';
import { createPgJobQueue } from '../../src/adapters/pg-job-queue.ts';
import { auditLog } from '../../src/audit/index.ts';
import type { AvailabilityService, Slot } from '../../src/availability/index.ts';
import {
  createAttemptService,
  createSettlement,
  findOpenChange,
  type AttemptDeps,
} from '../../src/attempts/index.ts';
import { createBookingList, createBookingService, type BookingRequest } from '../../src/bookings/index.ts';
import type { Database } from '../../src/db/knex.ts';
import { createOutbox } from '../../src/email/index.ts';
import type { Result } from '../../src/lib/result.ts';
import type { Acuity } from '../../src/ports/acuity.ts';
import { createQuestions } from '../../src/questions/index.ts';
import { createSpecialistRepository } from '../../src/specialists/index.ts';
import { openSeededDatabase } from './database.ts';
import { openRewoundDatabase, type RewoundDatabase } from './rewound-database.ts';
import { testDigests } from './digests.ts';

export const silent = pino({ level: 'silent' });

/** A Tuesday at ten in Sydney, well after the tests' clock. */
export const tuesdayAtTen = new Date('2026-12-01T10:00:00+11:00');
const minuteMs = 60_000;
export const testClock = { now: () => new Date('2026-11-23T09:00:00+11:00') };

export interface FakeAvailability extends AvailabilityService {
  taken: Set<number>;
  nearestSlots: Slot[];
  invalidated: { calendarId: number; taken?: { startsAt: Date } | undefined }[];
}

export function createFakeAvailability(): FakeAvailability {
  const taken = new Set<number>();
  const invalidated: FakeAvailability['invalidated'] = [];
  const fake: FakeAvailability = {
    taken,
    invalidated,
    nearestSlots: [9, 10, 11, 14, 15].map((hour) => ({
      startsAt: new Date(Date.UTC(2026, 10, 30, hour + 13)),
      durationMinutes: 60,
    })),
    day: () => Promise.reject(new Error('not asked in these tests')),
    month: () => Promise.reject(new Error('not asked in these tests')),
    nearest: (_specialist, _type, around) => {
      const others = fake.nearestSlots.filter(({ startsAt }) => startsAt.getTime() !== around.getTime());
      return Promise.resolve(others.slice(0, 3));
    },
    isFree: (_specialist, _type, startsAt) =>
      Promise.resolve(taken.has(startsAt.getTime()) ? 'taken' : 'free'),
    invalidate: (calendarId, slot) => {
      invalidated.push({ calendarId, taken: slot });
      return Promise.resolve();
    },
  };
  return fake;
}

export interface BookingFixture {
  db: Database;
  /** Connected as the role that owns the tables. */
  readonly owner: Database;
  url: string;
  deps: AttemptDeps;
  availability: FakeAvailability;
  attempts: ReturnType<typeof createAttemptService>;
  bookings: ReturnType<typeof createBookingService>;
  settlement: ReturnType<typeof createSettlement>;
  list: ReturnType<typeof createBookingList>;
  statements: Statements;
  people: Record<'rita' | 'rob' | 'nadia' | 'sam' | 'ada', Actor>;
  adaAsRita: Actor;
  /** Specialist ids by calendar. */
  specialistOf(calendarId: number): string;
  requestFor(change?: Partial<BookingRequest>): BookingRequest;
  /** Makes open attempts older than any call to Acuity can take. */
  passTime(): Promise<void>;
  close(): Promise<void>;
}

/** The database and connections that the fixtures of a file use one after the other. */
export interface BookingGround {
  database: RewoundDatabase;
  pool: pg.Pool;
  close(): Promise<void>;
}

export async function openBookingGround(): Promise<BookingGround> {
  const database = await openRewoundDatabase();
  const pool = openPool(database.url, 4, 0);
  return {
    database,
    pool,
    async close() {
      await pool.end();
      await database.close();
    },
  };
}

/** @param ground unset: a database of its own. Given: rewound first, and closed by the file, not by the fixture */
export async function openBookingFixture(
  acuity: Acuity,
  overrides: Partial<AttemptDeps> = {},
  ground?: BookingGround,
): Promise<BookingFixture> {
  await ground?.database.rewind();
  const database = ground?.database ?? (await openSeededDatabase());
  const { db, url } = database;
  const pool = ground?.pool ?? openPool(url, 4, 0);
  const statements = createStatements(pool);
  const jobs = createPgJobQueue(db);
  const availability = createFakeAvailability();
  const deps: AttemptDeps & { statements: Statements } = {
    db,
    statements,
    acuity,
    availability,
    questions: createQuestions({ db, acuity, log: silent, timings: { gapMs: 0, retryMs: 100 } }),
    addressOf: (reference) => `https://examdesk.example/bookings?q=${reference}`,
    specialists: createSpecialistRepository(db),
    audit: auditLog,
    digests: testDigests,
    jobs,
    clock: testClock,
    ids: systemIds,
    log: silent,
    announce: createOutbox({ jobs, ids: systemIds }),
    timings: { patienceMs: 3_000, inFlightMs: minuteMs, uncalledMs: minuteMs, sweepAfterMs: 0 },
    ...overrides,
  };
  // Read before a test makes the fake hold answers or fail.
  await deps.questions.forms();
  const rows = (await db('specialists').select('id', 'acuity_calendar_id')) as {
    id: string;
    acuity_calendar_id: number;
  }[];
  const specialistOf = (calendarId: number) => {
    const found = rows.find((row) => row.acuity_calendar_id === calendarId);
    if (!found) throw new Error(`No specialist has calendar ${calendarId}`);
    return found.id;
  };
  const people = await peopleOf(db);
  // The database accepts an admin's acting pair only from an admin who is acting.
  await db('impersonations').insert({
    id: systemIds.uuid(),
    session_id: systemIds.uuid(),
    reason: 'On the phone',
    admin_id: people.ada.viewer.userId,
    user_id: people.rita.viewer.userId,
  });
  return {
    db,
    get owner() {
      return database.owner;
    },
    url,
    deps,
    availability,
    attempts: createAttemptService(deps),
    bookings: createBookingService({ ...deps, findOpenChange }),
    settlement: createSettlement(deps),
    list: createBookingList({ db, statements, clock: testClock, audit: auditLog }),
    statements,
    people,
    adaAsRita: {
      viewer: {
        ...people.rita.viewer,
        actingAdmin: { id: people.ada.viewer.userId, name: people.ada.viewer.name },
      },
      request: { requestId: 'req-acting', ip: '203.0.113.9', userAgent: 'test' },
    },
    specialistOf,
    requestFor: (change = {}) => ({
      specialistId: specialistOf(7001),
      type: 'in_person',
      startsAt: tuesdayAtTen,
      timezone: 'Australia/Perth',
      examinee: {
        firstName: 'Ewan',
        lastName: 'Marsh',
        phone: '+61412345678',
        email: null,
        dateOfBirth: '1984-03-27',
        interpreterLanguage: null,
      },
      claimNumber: 'CL-2207',
      notes: 'Left knee.',
      answers: [],
      ...change,
    }),
    async passTime() {
      const longAgo = (column: string) => db.raw(`?? - interval '2 minutes'`, [column]);
      await db('booking_attempts')
        .where({ state: 'open' })
        .update({ created_at: longAgo('created_at'), acuity_called_at: longAgo('acuity_called_at') });
    },
    async close() {
      if (ground) return;
      await pool.end();
      await database.close();
    },
  };
}

export async function peopleOf(db: Database): Promise<BookingFixture['people']> {
  const rows = (await db('users as u')
    .leftJoin('members as m', 'm.user_id', 'u.id')
    .leftJoin('organizations as o', 'o.id', 'm.organization_id')
    .select('u.id', 'u.name', 'u.email', 'u.role', 'o.id as org_id', 'o.name as org_name')) as {
    id: string;
    name: string;
    email: string;
    role: Viewer['role'];
    org_id: string | null;
    org_name: string | null;
  }[];
  const actor = (first: string): Actor => {
    const row = rows.find(({ email }) => email.startsWith(`${first}@`));
    if (!row) throw new Error(`The demo has no ${first}`);
    return {
      viewer: {
        sessionId: '00000000-0000-7000-8000-000000000000',
        userId: row.id,
        name: row.name,
        email: row.email,
        role: row.role,
        organization: row.org_id && row.org_name ? { id: row.org_id, name: row.org_name } : null,
        actingAdmin: null,
      },
      request: { requestId: `req-${first}`, ip: '203.0.113.7', userAgent: 'test' },
    };
  };
  return {
    rita: actor('rita'),
    rob: actor('rob'),
    nadia: actor('nadia'),
    sam: actor('sam'),
    ada: actor('ada'),
  };
}

export function valueOf<T, R extends { reason: string }>(result: Result<T, R>): T {
  if (!result.ok) throw new Error(`Expected a value, got ${result.reason}`);
  return result.value;
}

export function reasonOf<T, R extends { reason: string }>(result: Result<T, R>): R {
  if (result.ok) throw new Error('Expected a failure');
  return result;
}
