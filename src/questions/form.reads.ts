// Reads Acuity's forms once for all processes and keeps them in PostgreSQL. Ages use the database's clock.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { KeptVersion } from '../db/kept-version.ts';
import type { Database } from '../db/knex.ts';
import { type Acuity, type AcuityForm, acuityFieldTypes } from '../ports/acuity.ts';

export interface KnownForms {
  forms: AcuityForm[];
  /** When the forms were read. */
  asOf: Date;
  /** A newer read was wanted, and Acuity cannot be read at the moment. */
  isStale: boolean;
}

/** Milliseconds. */
export interface FormTimings {
  /** Older forms are read again. */
  freshMs: number;
  /** The minimum pause between two reads, however often a new one is requested. */
  gapMs: number;
  /** The pause after a failed read. */
  retryMs: number;
  /** How long a caller waits for a read. */
  patienceMs: number;
}

const usualTimings: FormTimings = { freshMs: 3_600_000, gapMs: 2_000, retryMs: 15_000, patienceMs: 8_000 };

// A read takes 5 s at most (the adapter's limit), plus its wait for the limiter; after this time its process has died.
const leaseMs = 20_000;
const pollMs = 50;

export interface FormReads {
  /** The forms that were read last, whatever their age. */
  last(): Promise<KnownForms | null>;
  /** Forms that are at most an hour old, if Acuity can be read; otherwise the last ones. Null: never read. */
  recent(): Promise<KnownForms | null>;
  /** Forms read after this call began, if Acuity can be read. Callers share one read every two seconds. */
  again(): Promise<KnownForms | null>;
}

interface FormReadDeps {
  db: Database;
  acuity: Acuity;
  log: Logger;
  /** Unset: the forms are not kept in memory. */
  keptVersion?: KeptVersion | undefined;
  timings?: Partial<FormTimings> | undefined;
}

interface Kept {
  known: { forms: AcuityForm[]; asOf: Date } | null;
  /** Milliseconds since the last successful read began; null: never read. */
  readAgoMs: number | null;
  /** Milliseconds since the last failed read; null when the last read succeeded. */
  failedAgoMs: number | null;
  /** The database's time. Times are text here: a Date would lose their microseconds. */
  now: string;
  /** Forms read since then are wanted. */
  since: string;
  isNewEnough: boolean;
}

// Another version of this program may have stored the forms: a value that does not match counts as never read.
const storedForms: z.ZodType<AcuityForm[]> = z.array(
  z.object({
    id: z.number(),
    name: z.string(),
    description: z.string().nullable(),
    isInternal: z.boolean(),
    appointmentTypeIds: z.array(z.number()),
    fields: z.array(
      z.object({
        id: z.number(),
        name: z.string(),
        required: z.boolean(),
        type: z.enum(acuityFieldTypes),
        options: z.array(z.string()),
      }),
    ),
  }),
);

export function createFormReads({ db, acuity, log, keptVersion, timings }: FormReadDeps): FormReads {
  const { freshMs, gapMs, retryMs, patienceMs } = { ...usualTimings, ...timings };
  let flight: Promise<void> | null = null;
  /** What was loaded last. */
  let inMemory: { version: number; loadedAt: number; kept: Kept } | null = null;

  async function load(wanted: { since: string } | { maxAgeMs: number }): Promise<Kept> {
    const loadedAt = performance.now();
    // The row is at least as new as this version.
    const version = keptVersion?.current() ?? null;
    const since =
      'since' in wanted
        ? db.raw('?::timestamptz', [wanted.since])
        : db.raw(`clock_timestamp() - ? * interval '1 millisecond'`, [wanted.maxAgeMs]);
    const row = await db('acuity_forms')
      .joinRaw('cross join lateral (select ? as since) as wanted', [since])
      .first<{
        forms: unknown;
        read_at: Date | null;
        read_ago_ms: number | null;
        failed_ago_ms: number | null;
        now: string;
        since: string;
        is_new_enough: boolean | null;
      }>(
        'forms',
        'read_at',
        db.raw('(extract(epoch from clock_timestamp() - read_at) * 1000)::float8 as read_ago_ms'),
        db.raw('(extract(epoch from clock_timestamp() - failed_at) * 1000)::float8 as failed_ago_ms'),
        db.raw('clock_timestamp()::text as now'),
        db.raw('wanted.since::text as since'),
        db.raw('read_at >= wanted.since as is_new_enough'),
      );
    const forms = storedForms.safeParse(row.forms);
    const kept = {
      known: forms.success && row.read_at ? { forms: forms.data, asOf: row.read_at } : null,
      readAgoMs: row.read_ago_ms,
      failedAgoMs: row.failed_ago_ms,
      now: row.now,
      since: row.since,
      isNewEnough: forms.success && row.is_new_enough === true,
    };
    const isLatest = !inMemory || inMemory.loadedAt <= loadedAt;
    if (isLatest) inMemory = version === null ? null : { version, loadedAt, kept };
    return kept;
  }

  /** The forms in memory, if the row has not changed since and they are fresh. */
  function fresh(): KnownForms | null {
    if (!inMemory || inMemory.version !== keptVersion?.current()) return null;
    const { loadedAt, kept } = inMemory;
    const { known, readAgoMs } = kept;
    const isFresh = readAgoMs !== null && readAgoMs + (performance.now() - loadedAt) < freshMs;
    return known && isFresh ? { ...known, isStale: false } : null;
  }

  async function notOlderThan(maxAgeMs: number): Promise<KnownForms | null> {
    const giveUpAt = performance.now() + patienceMs;
    let wanted: Parameters<typeof load>[0] = { maxAgeMs };
    for (;;) {
      const { known, readAgoMs, failedAgoMs, now, since, isNewEnough } = await load(wanted);
      wanted = { since };
      const isResting = failedAgoMs !== null && failedAgoMs < retryMs;
      if (isNewEnough || isResting || performance.now() > giveUpAt) {
        return known && { ...known, isStale: !isNewEnough };
      }
      // Forms that were stored and cannot be used are read again whatever their age.
      const isUnusable = !known && readAgoMs !== null;
      flight ??= readOnce(isUnusable ? now : since).finally(() => {
        flight = null;
      });
      await flight;
    }
  }

  /** Reads the forms, unless they were read after `since` or another process is reading now. */
  async function readOnce(since: string): Promise<void> {
    const startedAt = await claim(since);
    if (!startedAt) {
      await sleep(pollMs);
      return;
    }
    const answer = await acuity.forms();
    if (answer.ok) {
      // A process that was delayed beyond its lease must not replace what another has read since.
      await db('acuity_forms')
        .whereRaw('(read_at is null or read_at < ?::timestamptz)', [startedAt])
        .update({
          forms: JSON.stringify(answer.value),
          read_at: db.raw('?::timestamptz', [startedAt]),
          failed_at: null,
          reading_until: null,
        });
    } else {
      log.warn({ reason: answer.reason }, 'The forms of Acuity could not be read');
      await db('acuity_forms').update({ failed_at: db.raw('clock_timestamp()'), reading_until: null });
    }
  }

  /** When the read began; null when another process reads, or it is too early. */
  async function claim(since: string): Promise<string | null> {
    const claimed = await db.raw<{ rows: { started_at: string }[] }>(
      `update acuity_forms set reading_until = clock_timestamp() + :leaseMs * interval '1 millisecond'
        where (reading_until is null or reading_until < clock_timestamp())
          and (read_at is null
            or (read_at < :since::timestamptz and read_at < clock_timestamp() - :gapMs * interval '1 millisecond'))
          and (failed_at is null or failed_at < clock_timestamp() - :retryMs * interval '1 millisecond')
        returning clock_timestamp()::text as started_at`,
      { leaseMs, since, gapMs, retryMs },
    );
    const [row] = claimed.rows;
    return row?.started_at ?? null;
  }

  return {
    async last() {
      const { known, failedAgoMs } = await load({ maxAgeMs: 0 });
      return known && { ...known, isStale: failedAgoMs !== null };
    },
    recent: async () => fresh() ?? notOlderThan(freshMs),
    again: () => notOlderThan(0),
  };
}

/** SQL: the text of a question in Acuity, as it was read last. @param fieldId an expression */
export const questionText = (fieldId: string): string => `(select q ->> 'name'
  from acuity_forms a, jsonb_array_elements(a.forms) g, jsonb_array_elements(g -> 'fields') q
  where (q ->> 'id')::bigint = ${fieldId} limit 1)`;
