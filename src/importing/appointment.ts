// One appointment of Acuity: made a booking, or matched to the one it is, and that completed by what is known of it.
import type { AttemptDeps } from '../attempts/index.ts';
import {
  isPlanned,
  hasEnded,
  lockBooking,
  takeOverInto,
  type Booking,
  type TakeOver,
} from '../bookings/index.ts';
import type { Queryable, Transaction } from '../db/knex.ts';
import { keepMergesOff } from '../db/merges.ts';
import {
  previewImport,
  ownerIn,
  unknownReferrerOf,
  type Convergence,
  type FollowCause,
  type GivenAppointment,
  type Owner,
} from '../following/index.ts';
import type { Appointment } from '../ports/acuity.ts';
import type { ReportLine } from './import.ts';
import { insertRecord } from './import.repository.ts';
import { AcuityUnavailable, type RunDeps } from './import.runs.ts';
import { takeStranger } from './people.ts';
import { standingAs, standingByRule, type PastProgress, type PastRule } from './past.rule.ts';

export interface AppointmentDeps extends RunDeps {
  attempts: AttemptDeps;
  convergence: Convergence;
}

/** What a file says of an appointment, beyond Acuity. */
export interface Known {
  line: number | null;
  progress: PastProgress | null;
  claimNumber: string | null;
  owner: { userId: string; organizationId: string } | null;
  /** Makes the referrer whom Acuity names, and their organisation, where nobody here is it. */
  makesPeople?: boolean;
}

export const nothingKnown: Known = { line: null, progress: null, claimNumber: null, owner: null };

const nobody: Owner = { userId: null, organizationId: null };

export interface Found extends GivenAppointment {
  booking: Booking | null;
}

/** @param importId null: a dry run. @throws AcuityUnavailable */
export async function takeAppointment(
  deps: AppointmentDeps,
  importId: string | null,
  { appointment, booking, readVersion }: Found,
  given: Known,
  rule: PastRule,
): Promise<ReportLine> {
  const line = (
    outcome: ReportLine['outcome'],
    says: string,
    more: { recordId?: string | null; to?: string } = {},
  ): ReportLine => ({
    ...{ outcome, line: given.line, appointmentId: appointment.id, recordId: null, to: '', says },
    ...more,
  });
  const foreseen = booking
    ? null
    : await previewImport(deps.attempts, appointment, causeOf(deps, importId, appointment, given, rule));
  if (foreseen && foreseen.outcome !== 'made') return line('left', reasons[foreseen.outcome](appointment));
  const stranger =
    given.makesPeople && !given.owner && !booking?.createdBy
      ? await unknownReferrerOf(deps.attempts, appointment)
      : null;
  const made = stranger && importId ? await takeStranger(deps, importId, stranger) : null;
  const known = made ? { ...given, owner: made } : given;
  const isStrangers = stranger !== null && (made !== null || importId === null);
  const strangersName = isStrangers ? `${stranger.email}, ${stranger.organization}` : '';
  if (booking && isStrangers && !importId)
    return line('changed', 'a new referrer', { recordId: booking.id, to: strangersName });
  if (booking) return completed(deps, importId, booking, appointment, known, rule, line);
  const to = isStrangers ? strangersName : await nameOf(deps.db, foreseen?.owner ?? nobody);
  const says = isStrangers
    ? `${progressTold(deps, appointment, known, rule)}; a new referrer`
    : saysOf(deps, appointment, known, rule, foreseen?.owner ?? nobody);
  if (!importId) return line('made', says, { to });
  const cause = causeOf(deps, importId, appointment, known, rule);
  const done = await deps.convergence.converge(appointment.id, cause, { appointment, readVersion });
  if (!done.ok) throw new AcuityUnavailable(done.reason);
  const more = { to, recordId: done.bookingId };
  if (done.outcome === 'created') return line('made', says, more);
  return done.bookingId
    ? line('matched', 'became a booking meanwhile', more)
    : line('left', done.note ?? 'Acuity says otherwise by now', more);
}

const reasons = {
  unknown_calendar: ({ calendarId }: Appointment) =>
    `no specialist has calendar ${calendarId}: add the specialist, then import again`,
  attempt_failed: () => 'an attempt to book left it behind, and it is being cancelled',
  being_booked: () => 'somebody is just booking it here',
};

function causeOf(
  deps: AppointmentDeps,
  importId: string | null,
  appointment: Appointment,
  known: Known,
  rule: PastRule,
): FollowCause {
  return {
    ...{ source: 'import', quiet: true },
    takeover: {
      workStateOf: (examination) => standingFor(deps, examination, known, rule),
      ...{ claimNumber: known.claimNumber, owner: known.owner },
      async note(trx, bookingId) {
        if (!importId) return;
        const version = await versionOf(trx, bookingId);
        await insertRecord(trx, {
          ...{ id: deps.ids.uuid(), importId, type: 'booking', recordId: bookingId, effect: 'made' },
          ...{ appointmentId: appointment.id, after: { version } },
        });
        await deps.audit.record(
          trx,
          { actorId: null, actingAsId: null, request: null },
          {
            ...{ action: 'record.changed', resourceType: 'booking', resourceId: bookingId },
            metadata: { change: 'taken_over', source: 'import', importId },
          },
        );
      },
    },
  };
}

/** A file's word counts before the rule; of what is to come neither does. */
function standingFor(
  { attempts: { clock } }: AppointmentDeps,
  examination: Parameters<typeof standingByRule>[1],
  { progress }: Known,
  rule: PastRule,
) {
  const isCancelled = examination.canceled && !examination.noShow;
  if (!progress || isCancelled || !hasEnded(examination, clock.now()))
    return standingByRule(rule, examination, clock);
  return progress === 'scheduled' ? null : standingAs(progress);
}

async function versionOf(trx: Transaction, bookingId: string): Promise<number> {
  const row = (await trx('bookings').where({ id: bookingId }).first('version')) as { version: number };
  return row.version;
}

type Line = (
  outcome: ReportLine['outcome'],
  says: string,
  more?: { recordId?: string | null; to?: string },
) => ReportLine;

/** Only what nobody has said here so far: a referrer where there is none, a claim number, the work on what is over. */
async function completed(
  deps: AppointmentDeps,
  importId: string | null,
  seen: Booking,
  appointment: Appointment,
  known: Known,
  rule: PastRule,
  line: Line,
): Promise<ReportLine> {
  const owner = seen.createdBy ? null : (known.owner ?? assigned(await ownerIn(deps.attempts, appointment)));
  const decide = (booking: Booking) => decideOn(deps, booking, { ...known, owner }, known.owner, rule);
  const more = { recordId: seen.id };
  const foreseen = decide(seen);
  const to = async ({ owner: given }: TakeOver) =>
    nameOf(
      deps.db,
      given ?? { userId: seen.createdBy?.id ?? null, organizationId: seen.organization?.id ?? null },
    );
  if (typeof foreseen === 'string') return line('left', foreseen, { ...more, to: await to({}) });
  const columns = Object.keys(foreseen);
  if (columns.length === 0) return line('matched', 'booking', { ...more, to: await to({}) });
  if (importId) {
    const isDone = await deps.db.transaction(async (trx) => {
      await keepMergesOff(trx);
      const booking = await lockBooking(trx, seen.id);
      if (booking?.version !== seen.version) return false;
      const metadata = { source: 'import', importId };
      const { before, after } = await takeOverInto(trx, { ...deps, metadata }, booking, foreseen);
      await insertRecord(trx, {
        ...{ id: deps.ids.uuid(), importId, type: 'booking', recordId: seen.id, effect: 'changed' },
        ...{ appointmentId: appointment.id, before: { ...before }, after },
      });
      return true;
    });
    if (!isDone) return line('left', 'somebody is just changing the booking: import again', more);
  }
  return line('changed', columns.map((column) => words[column] ?? column).join(', '), {
    ...more,
    to: await to(foreseen),
  });
}

const words: Record<string, string> = {
  owner: 'referrer',
  claimNumber: 'claim number',
  standing: 'progress',
};

function assigned({ userId, organizationId }: Owner): Known['owner'] {
  return userId && organizationId ? { userId, organizationId } : null;
}

/** What is to be written; a text is why not. */
function decideOn(
  { attempts: { clock } }: AppointmentDeps,
  booking: Booking,
  { owner, claimNumber, progress }: Known,
  namedOwner: Known['owner'],
  rule: PastRule,
): TakeOver | string {
  if (namedOwner && booking.createdBy && booking.createdBy.id !== namedOwner.userId)
    return 'the booking has another referrer here';
  if (owner && booking.organization && booking.organization.id !== owner.organizationId)
    return 'the booking belongs to another organisation here';
  if (claimNumber && booking.claimNumber && booking.claimNumber !== claimNumber)
    return 'the booking has another claim number here';
  const isOver = hasEnded(booking, clock.now());
  if (progress && !isOver) return 'the examination is still to come: it has no progress yet';
  const take: TakeOver = {
    ...(owner && !booking.createdBy && { owner }),
    ...(claimNumber && !booking.claimNumber && { claimNumber }),
  };
  const isUntouched = isPlanned(booking) && isOver;
  if (progress) {
    const standing = standingAs(progress);
    if (standing.progress === booking.currentProgress && standing.status === booking.status) return take;
    return isUntouched
      ? { ...take, work: standing }
      : 'somebody has moved the work on the booking on already';
  }
  // One that was booked before its time is in somebody's hands; one that came in when it was over is not.
  const cameInOver =
    booking.createdAt.getTime() >= booking.startsAt.getTime() + booking.durationMinutes * 60_000;
  const standing =
    isUntouched && cameInOver && booking.version === 1
      ? standingByRule(rule, { ...booking, canceled: false, noShow: false }, clock)
      : null;
  return { ...take, ...(standing && { work: standing }) };
}

function saysOf(
  deps: AppointmentDeps,
  appointment: Appointment,
  known: Known,
  rule: PastRule,
  owner: Owner,
): string {
  return `${progressTold(deps, appointment, known, rule)}${owner.userId ? '' : '; no referrer is known'}`;
}

function progressTold(deps: AppointmentDeps, appointment: Appointment, known: Known, rule: PastRule): string {
  const standing = standingFor(deps, appointment, known, rule);
  const usual = appointment.canceled ? (appointment.noShow ? 'no_show' : 'cancelled') : 'scheduled';
  const progress = standing?.progress ?? usual;
  const status = standing?.status === 'closed' && progress !== 'payment_received' ? ', closed' : '';
  return `${progress}${status}`;
}

async function nameOf(db: Queryable, { userId, organizationId }: Owner): Promise<string> {
  const user = userId
    ? ((await db('users').where({ id: userId }).first('email')) as { email: string })
    : null;
  const organization = organizationId
    ? ((await db('organizations').where({ id: organizationId }).first('name')) as { name: string })
    : null;
  return [user?.email, organization?.name].filter((part) => part !== undefined).join(', ');
}
