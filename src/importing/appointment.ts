// Imports one appointment of Acuity: makes a booking, or completes the booking it already has.
import type { AttemptDeps } from '../attempts/index.ts';
import {
  isPlanned,
  hasEnded,
  lockBooking,
  takeOverInto,
  type Booking,
  type TakeOver,
} from '../bookings/index.ts';
import { systemActor } from '../audit/index.ts';
import type { Queryable, Transaction } from '../db/knex.ts';
import { blockMerges } from '../db/merges.ts';
import {
  previewImport,
  ownerIn,
  unknownReferrerOf,
  type Convergence,
  type FollowCause,
  type GivenAppointment,
  type Owner,
} from '../following/index.ts';
import { tidyLine } from '../lib/typed-text.ts';
import type { Appointment } from '../ports/acuity.ts';
import type { ReportLine } from './import.ts';
import { insertRecord } from './import.repository.ts';
import { AcuityUnavailable, type RunDeps } from './import.runs.ts';
import { importStranger } from './people.ts';
import { toWorkState, workStateByRule, type PastProgress, type PastRule } from './past.rule.ts';

export interface AppointmentDeps extends RunDeps {
  attempts: AttemptDeps;
  convergence: Convergence;
}

/** Facts about an appointment that Acuity does not have, from a file. */
export interface FileFacts {
  line: number | null;
  progress: PastProgress | null;
  claimNumber: string | null;
  owner: { userId: string; organizationId: string } | null;
  /** Also makes the referrer named in Acuity, and their organisation, when they do not exist here. */
  makesPeople?: boolean;
}

export const noFacts: FileFacts = { line: null, progress: null, claimNumber: null, owner: null };

const nobody: Owner = { userId: null, organizationId: null };

export interface Found extends GivenAppointment {
  booking: Booking | null;
}

/** @param importId null in a dry run @throws AcuityUnavailable */
export async function importAppointment(
  deps: AppointmentDeps,
  importId: string | null,
  { appointment, booking, readVersion }: Found,
  given: FileFacts,
  rule: PastRule,
): Promise<ReportLine> {
  const line = (outcome: ReportLine['outcome'], says: string, more: LineDetails = {}): ReportLine => ({
    outcome,
    line: given.line,
    appointmentId: appointment.id,
    recordId: null,
    to: '',
    says,
    ...more,
  });
  const preview = booking
    ? null
    : await previewImport(deps.attempts, appointment, causeOf(deps, importId, appointment, given, rule));
  if (preview && preview.outcome !== 'made') return line('left', reasons[preview.outcome](appointment));
  const stranger =
    given.makesPeople && !given.owner && !booking?.createdBy
      ? await unknownReferrerOf(deps.attempts, appointment)
      : null;
  const made = stranger && importId ? await importStranger(deps, importId, stranger) : null;
  const known = made ? { ...given, owner: made } : given;
  const makesPeople = made?.makes ?? [];
  const hasUnknownReferrer = stranger !== null && (made !== null || importId === null);
  const strangersName = hasUnknownReferrer ? `${stranger.email}, ${stranger.organization}` : '';
  if (booking && hasUnknownReferrer && !importId)
    return line('changed', 'a new referrer', { recordId: booking.id, to: strangersName });
  if (booking) {
    const done = await completeBooking(deps, importId, booking, appointment, known, rule, line);
    return { ...done, makes: makesPeople };
  }
  const to = hasUnknownReferrer ? strangersName : await nameOf(deps.db, preview?.owner ?? nobody);
  const says = hasUnknownReferrer
    ? `${progressWords(deps, appointment, known, rule)}; a new referrer`
    : describe(deps, appointment, known, rule, preview?.owner ?? nobody);
  if (!importId) return line('made', says, { to, makes: ['booking'] });
  const cause = causeOf(deps, importId, appointment, known, rule);
  const done = await deps.convergence.converge(appointment.id, cause, { appointment, readVersion });
  if (!done.ok) throw new AcuityUnavailable(done.reason);
  const more = { to, recordId: done.bookingId, makes: makesPeople };
  if (done.outcome === 'created') return line('made', says, { ...more, makes: [...makesPeople, 'booking'] });
  return done.bookingId
    ? line('matched', 'became a booking during the import', more)
    : line('left', done.note ?? 'it has changed in Acuity', more);
}

const reasons = {
  unknown_calendar: ({ calendarId }: Appointment) =>
    `no specialist has calendar ${calendarId}: add the specialist, then import again`,
  attempt_failed: () => 'it is left over from a failed attempt to book, and is being cancelled',
  being_booked: () => 'it is being booked here now: import again',
};

function causeOf(
  deps: AppointmentDeps,
  importId: string | null,
  appointment: Appointment,
  known: FileFacts,
  rule: PastRule,
): FollowCause {
  return {
    source: 'import',
    quiet: true,
    takeover: {
      workStateOf: (examination) => workStateFor(deps, examination, known, rule),
      claimNumber: known.claimNumber,
      owner: known.owner,
      async note(trx, bookingId) {
        if (!importId) return;
        const version = await versionOf(trx, bookingId);
        await insertRecord(trx, {
          id: deps.ids.uuid(),
          importId,
          type: 'booking',
          recordId: bookingId,
          effect: 'made',
          appointmentId: appointment.id,
          after: { version },
        });
        await deps.audit.record(trx, systemActor, {
          action: 'record.changed',
          resourceType: 'booking',
          resourceId: bookingId,
          metadata: { change: 'taken_over', source: 'import', importId },
        });
      },
    },
  };
}

/** The file's progress wins over the rule. Neither applies to examinations that are still to come. */
function workStateFor(
  { attempts: { clock } }: AppointmentDeps,
  examination: Parameters<typeof workStateByRule>[1],
  { progress }: FileFacts,
  rule: PastRule,
) {
  const isCancelled = examination.canceled && !examination.noShow;
  if (!progress || isCancelled || !hasEnded(examination, clock.now()))
    return workStateByRule(rule, examination, clock);
  return progress === 'scheduled' ? null : toWorkState(progress);
}

async function versionOf(trx: Transaction, bookingId: string): Promise<number> {
  const row = await trx('bookings').where({ id: bookingId }).first<{ version: number }>('version');
  return row.version;
}

type LineDetails = Partial<Pick<ReportLine, 'recordId' | 'to' | 'makes'>>;

type Line = (outcome: ReportLine['outcome'], says: string, more?: LineDetails) => ReportLine;

/** Adds only what the booking lacks: the referrer, the claim number, the progress of one that is over. */
async function completeBooking(
  deps: AppointmentDeps,
  importId: string | null,
  seen: Booking,
  appointment: Appointment,
  known: FileFacts,
  rule: PastRule,
  line: Line,
): Promise<ReportLine> {
  const owner = seen.createdBy ? null : (known.owner ?? assigned(await ownerIn(deps.attempts, appointment)));
  const decide = (booking: Booking) => changesFor(deps, booking, { ...known, owner }, known.owner, rule);
  const more = { recordId: seen.id };
  const preview = decide(seen);
  const to = async ({ owner: given }: TakeOver) =>
    nameOf(
      deps.db,
      given ?? { userId: seen.createdBy?.id ?? null, organizationId: seen.organization?.id ?? null },
    );
  if (typeof preview === 'string') return line('left', preview, { ...more, to: await to({}) });
  const changes = Object.keys(preview) as (keyof TakeOver)[];
  if (changes.length === 0) return line('matched', 'booking', { ...more, to: await to({}) });
  if (importId) {
    const isDone = await deps.db.transaction(async (trx) => {
      await blockMerges(trx);
      const booking = await lockBooking(trx, seen.id);
      if (booking?.version !== seen.version) return false;
      const metadata = { source: 'import', importId };
      const { before, after } = await takeOverInto(trx, { ...deps, metadata }, booking, preview);
      await insertRecord(trx, {
        id: deps.ids.uuid(),
        importId,
        type: 'booking',
        recordId: seen.id,
        effect: 'changed',
        appointmentId: appointment.id,
        before: { ...before },
        after,
      });
      return true;
    });
    if (!isDone) return line('left', 'the booking was changed during the import: import again', more);
  }
  return line('changed', changes.map((change) => words[change]).join(', '), {
    ...more,
    to: await to(preview),
  });
}

const words: Record<keyof TakeOver, string> = {
  owner: 'referrer',
  claimNumber: 'claim number',
  work: 'progress',
};

function assigned({ userId, organizationId }: Owner): FileFacts['owner'] {
  return userId && organizationId ? { userId, organizationId } : null;
}

/** The columns to write, or the reason for writing none. */
function changesFor(
  { attempts: { clock } }: AppointmentDeps,
  booking: Booking,
  { owner, claimNumber, progress }: FileFacts,
  namedOwner: FileFacts['owner'],
  rule: PastRule,
): TakeOver | string {
  if (namedOwner && booking.createdBy && booking.createdBy.id !== namedOwner.userId)
    return 'the booking has another referrer here';
  if (owner && booking.organization && booking.organization.id !== owner.organizationId)
    return 'the booking belongs to another organisation here';
  if (claimNumber && booking.claimNumber && tidyLine(booking.claimNumber) !== claimNumber)
    return 'the booking has another claim number here';
  const isOver = hasEnded(booking, clock.now());
  if (progress && !isOver) return 'the examination is still to come: it has no progress yet';
  const take: TakeOver = {
    ...(owner && !booking.createdBy && { owner }),
    ...(claimNumber && !booking.claimNumber && { claimNumber }),
  };
  const isUntouched = isPlanned(booking) && isOver;
  if (progress) {
    const work = toWorkState(progress);
    if (work.progress === booking.currentProgress && work.status === booking.status) return take;
    return isUntouched ? { ...take, work } : 'the progress of the booking was changed here already';
  }
  // The rule applies only to bookings that arrived after their examination; staff handle the others.
  const arrivedAfterwards =
    booking.createdAt.getTime() >= booking.startsAt.getTime() + booking.durationMinutes * 60_000;
  const work =
    isUntouched && arrivedAfterwards && booking.version === 1
      ? workStateByRule(rule, { ...booking, canceled: false, noShow: false }, clock)
      : null;
  return { ...take, ...(work && { work }) };
}

function describe(
  deps: AppointmentDeps,
  appointment: Appointment,
  known: FileFacts,
  rule: PastRule,
  owner: Owner,
): string {
  return `${progressWords(deps, appointment, known, rule)}${owner.userId ? '' : '; no referrer is known'}`;
}

function progressWords(
  deps: AppointmentDeps,
  appointment: Appointment,
  known: FileFacts,
  rule: PastRule,
): string {
  const work = workStateFor(deps, appointment, known, rule);
  const usual = appointment.canceled ? (appointment.noShow ? 'no_show' : 'cancelled') : 'scheduled';
  const progress = work?.progress ?? usual;
  const status = work?.status === 'closed' && progress !== 'payment_received' ? ', closed' : '';
  return `${progress}${status}`;
}

async function nameOf(db: Queryable, { userId, organizationId }: Owner): Promise<string> {
  const user = userId ? await db('users').where({ id: userId }).first('email') : null;
  const organization = organizationId
    ? await db('organizations').where({ id: organizationId }).first('name')
    : null;
  return [user?.email, organization?.name].filter((part) => part !== undefined).join(', ');
}
