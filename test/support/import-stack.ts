// An Acuity with years of appointments, a system without any bookings, and a mailbox that should stay empty.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ImportResult, ReportLine } from '../../src/importing/index.ts';
import { tellNobody } from '../../src/bookings/index.ts';
import { createReminders, createUnassignedDigest } from '../../src/email/index.ts';
import type { AppGround } from './app-ground.ts';
import { dayFromToday, sydneyTime } from './days.ts';
import { openMailbox } from './mailbox.ts';
import { openWebhookStack, type WebhookStack } from './webhook-stack.ts';

export interface ImportStack extends WebhookStack {
  /** `YYYY-MM-DD`, this many days from today. */
  day(days: number): string;
  /** At ten in the morning in Sydney, this many days from today. */
  appointmentIn(days: number, change?: object): Promise<number>;
  acuity(options?: Partial<AcuityOptions>): Promise<Done>;
  bookings(csv: string, options?: Partial<AcuityOptions>): Promise<Done>;
  undo(importId: string | null): Promise<{ takenBack: number; left: string[] }>;
  /** The step at which the import stops as if its process had died; null: none. */
  failAt(step: string | null, after?: number): void;
  /** Runs every job that could send a mail; returns the mails that arrived. */
  mails(): Promise<string[]>;
}

export interface AcuityOptions {
  applies: boolean;
  past: 'closed' | 'generating_report' | 'scheduled';
  closedUntil: string | null;
  people: boolean;
}

export type Done = Extract<ImportResult, { ok: true }> & { lines: ReportLine[] };

/** @param ground unset: a database of its own */
export async function openImportStack(ground?: AppGround): Promise<ImportStack> {
  const mailbox = await openMailbox();
  let plannedFailure: { step: string; left: number } | null = null;
  const stack = await openWebhookStack({
    target: null,
    ...(ground && { ground }),
    env: { SMTP_URL: mailbox.smtpUrl },
    overrides: {
      emails: { gatherMs: 10, firstPauseMs: 50 },
      imports: {
        onStep(step) {
          if (plannedFailure?.step !== step) return;
          plannedFailure.left -= 1;
          if (plannedFailure.left <= 0) throw new Error('It ends here');
        },
      },
    },
  });
  const day = dayFromToday;
  const { imports, clock, ids, jobs } = stack.app.system.services;

  async function done(
    work: (listener: { line(line: ReportLine): void; progress(): void }) => Promise<ImportResult>,
  ): Promise<Done> {
    const lines: ReportLine[] = [];
    const ended = await work({ line: (line) => lines.push(line), progress: () => undefined });
    if (!ended.ok) throw new Error(ended.reason);
    return { ...ended, lines };
  }
  const ruleOf = ({ past = 'closed', closedUntil = null }: Partial<AcuityOptions>) => ({ past, closedUntil });

  return {
    ...stack,
    day,
    async appointmentIn(days, change = {}) {
      const { id } = await stack.makeAppointment({ datetime: sydneyTime(day(days), 10), ...change });
      return id;
    },
    acuity: (options = {}) =>
      done((listener) =>
        imports.acuity(
          {
            from: day(-40),
            to: day(40),
            rule: ruleOf(options),
            people: options.people ?? false,
            applies: options.applies ?? true,
          },
          listener,
        ),
      ),
    bookings: (csv, options = {}) =>
      done((listener) =>
        imports.bookings(
          {
            file: { name: 'bookings.csv', bytes: Buffer.from(csv) },
            rule: ruleOf(options),
            applies: options.applies ?? true,
          },
          listener,
        ),
      ),
    async undo(importId) {
      const left: string[] = [];
      const undone = await imports.undo(importId ?? '', {
        left: (_record, reason) => left.push(reason),
        progress: () => undefined,
      });
      if (!undone.ok) throw new Error(undone.reason);
      return { takenBack: undone.takenBack, left };
    },
    failAt(step, after = 1) {
      plannedFailure = step === null ? null : { step, left: after };
    },
    async mails() {
      const { db } = stack.app;
      await createUnassignedDigest({ db, jobs, ids, clock }).write();
      const isDue = () => Promise.reject(new Error('A reminder was due'));
      const announce = Object.assign(isDue, { writeQueries: isDue, inTwoSteps: tellNobody.inTwoSteps });
      await createReminders({ db, announce, jobs, ids, clock }).write();
      const queued = await db('emails').pluck('kind');
      await stack.app.system.worker.start();
      const due = async () => {
        const { rows } = await db.raw<{ rows: [{ n: number }] }>(
          'select count(*)::int as n from graphile_worker.jobs where run_at <= now() and last_error is null',
        );
        return rows[0].n;
      };
      try {
        while ((await due()) > 0) await sleep(50);
      } finally {
        await stack.app.system.worker.stop();
      }
      return [...queued, ...mailbox.mails().map(({ subject }) => subject)];
    },
    async close() {
      await stack.close();
      await mailbox.close();
    },
  };
}
