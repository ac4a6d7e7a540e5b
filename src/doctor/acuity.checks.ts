import type { Mapping, MappingAttention, MappingView } from '../questions/index.ts';
import { costsOfNoReference } from '../questions/index.ts';
import type { Specialist, SpecialistRepository } from '../specialists/index.ts';
import { attentionWords, troubleWords, wantedEvents, type SyncService } from '../sync/index.ts';
import { isTimeZone } from '../lib/zones.ts';
import type { Acuity, AcuityAppointmentType, AcuityCalendar, AcuityFailure } from '../ports/acuity.ts';
import type { Clock } from '../ports/clock.ts';
import { ok, warning, wrong, type Check, type Line, type Mend } from './check.ts';
import { commandLine } from '../lib/command-line.ts';

export interface AcuityCheckDeps {
  acuity: Pick<Acuity, 'account' | 'calendars' | 'appointmentTypes' | 'listWebhooks'>;
  specialists: Pick<SpecialistRepository, 'listActive'>;
  mapping: Pick<Mapping, 'read' | 'attention'>;
  sync: Pick<SyncService, 'connection'>;
  /** Where our webhook leads. */
  relayUrl: string;
  clock: Clock;
  /** Our pages for it. */
  pages: { connection: string; questions: string; specialists: string };
}

export function acuityChecks(deps: AcuityCheckDeps): Check[] {
  return [
    { id: 'acuity', title: 'Acuity', run: () => checkAccount(deps) },
    { id: 'acuity_emails', title: 'Acuity’s own e-mails', run: async () => [emailsLine] },
    { id: 'appointment_types', title: 'Appointment types', run: () => checkTypes(deps) },
    { id: 'acuity_questions', title: 'Acuity’s questions', run: () => checkQuestions(deps) },
    { id: 'webhook', title: 'Webhook in Acuity', run: () => checkWebhook(deps) },
  ];
}

async function checkAccount({ acuity }: AcuityCheckDeps): Promise<Line[]> {
  const answer = await acuity.account();
  if (!answer.ok) return [failedLine(answer)];
  const { name, id, timezone } = answer.value;
  const account = ok(`Acuity accepts our key, of the account “${name ?? id}”`);
  if (timezone !== null && isTimeZone(timezone))
    return [account, ok(`The account’s time zone is ${timezone}`)];
  return [
    account,
    warning(
      timezone === null
        ? 'Acuity does not say what time zone the account has'
        : `The account’s time zone is “${timezone}”, which is no zone that we know`,
      'Times that Acuity writes without an offset may be read wrongly.',
      'Choose a time zone in Acuity: Business Settings, Date & Time',
    ),
  ];
}

function failedLine(failure: AcuityFailure): Line {
  const costs =
    'No examination can be booked, moved or cancelled; free times up to an hour old are still shown.';
  if (failure.reason === 'unauthorized')
    return wrong(
      'Acuity refuses our key (401)',
      costs,
      'Check ACUITY_USER_ID and ACUITY_API_KEY against Acuity: Integrations, API, View credentials',
    );
  if (failure.reason === 'refused' && failure.status === 403)
    return wrong(
      'Acuity does not let this account use its API (403)',
      costs,
      'Check the account’s plan in Acuity: the API belongs to the highest plans',
    );
  const rests = failure.reason === 'rate_limited' || failure.reason === 'queue_full';
  return (rests ? warning : wrong)(
    rests ? 'Acuity asks for fewer calls at the moment' : `Acuity does not answer: ${failure.reason}`,
    costs,
    rests
      ? 'Look again in a minute. If it stays so, see what else calls Acuity from this address'
      : 'Check ACUITY_BASE_URL, and whether this machine reaches it',
  );
}

/** Nothing in Acuity's API tells. */
const emailsLine = warning(
  'Check by hand: Acuity’s API does not tell whether its own e-mails to clients are off',
  'Those that are on reach referrers in the clinic’s name, beside ours, and can hold answers about examinees. Our own calls ask Acuity to send none; what staff do in Acuity itself is not covered by that.',
  'In Acuity: Notifications, Client E-mails: switch off confirmation, rescheduling, cancellation, reminders and follow-ups',
);

async function checkTypes({ acuity, specialists, pages }: AcuityCheckDeps): Promise<Line[]> {
  const [active, calendars, types] = await Promise.all([
    specialists.listActive(),
    acuity.calendars(),
    acuity.appointmentTypes(),
  ]);
  if (active.length === 0)
    return [
      warning('There is no active specialist', 'Nothing can be booked.', {
        text: 'Add one for each calendar of Acuity',
        page: pages.specialists,
      }),
    ];
  if (!calendars.ok || !types.ok)
    return [warning('Acuity’s appointment types could not be read', 'See the line about Acuity.')];
  return typeLines(active, calendars.value, types.value, pages.specialists);
}

/** @param types those that are active */
export function typeLines(
  specialists: readonly Specialist[],
  calendars: readonly AcuityCalendar[],
  types: readonly AcuityAppointmentType[],
  page: string,
): Line[] {
  const mend: Mend = { text: 'Mend it in Acuity (Appointment Types, Availability), or in our record', page };
  const lines = specialists.flatMap(({ name, acuityCalendarId, timezone, services }): Line[] => {
    const calendar = calendars.find(({ id }) => id === acuityCalendarId);
    if (!calendar)
      return [
        wrong(`${name}: Acuity has no calendar ${acuityCalendarId}`, 'Nothing can be booked there.', mend),
      ];
    const zone =
      calendar.timezone === timezone
        ? []
        : [
            warning(
              `${name}: the calendar’s time zone is ${calendar.timezone}, ours is ${timezone}`,
              'Mails and pages show times in our zone, Acuity in the other.',
              mend,
            ),
          ];
    const missing = services.flatMap(({ type, acuityAppointmentTypeId: id }): Line[] => {
      const words = `${name}, ${type === 'telehealth' ? 'telehealth' : 'in person'}`;
      const found = types.find((one) => one.id === id);
      if (!found)
        return [
          wrong(
            `${words}: Acuity has no active appointment type ${id}`,
            'No free time is shown, and nothing can be booked.',
            mend,
          ),
        ];
      return found.calendarIds.includes(acuityCalendarId)
        ? []
        : [
            wrong(
              `${words}: the appointment type “${found.name}” is not offered on this calendar`,
              'No free time is shown, and nothing can be booked.',
              mend,
            ),
          ];
    });
    return [...zone, ...missing];
  });
  const count = specialists.reduce((sum, { services }) => sum + services.length, 0);
  return lines.length > 0
    ? lines
    : [
        ok(
          `Every appointment type is there and active (examinations: ${count}, specialists: ${specialists.length})`,
        ),
      ];
}

async function checkQuestions({ mapping, pages }: AcuityCheckDeps): Promise<Line[]> {
  const view = await mapping.read();
  return questionLines(view, await mapping.attention(), pages.questions);
}

export function questionLines(view: MappingView, attention: MappingAttention, page: string): Line[] {
  if (view.forms === null)
    return [
      wrong(
        'Acuity’s questions were never read, and cannot be read at the moment',
        'An answer that Acuity requires cannot be asked for.',
        'Check ACUITY_BASE_URL, ACUITY_USER_ID and ACUITY_API_KEY',
      ),
    ];
  const lines: Line[] = [referenceLine(view, page)];
  if (view.isStale)
    lines.push(
      warning(
        'Acuity’s questions cannot be read at the moment',
        'Those that were read last are asked, and what stands here is as of then.',
        { text: 'Read them again once Acuity answers', page },
      ),
    );
  const internal = view.forms.flatMap(({ fields }) => fields).filter(isNotAsked);
  for (const { name } of internal)
    lines.push(
      wrong(
        `“${name}” is required on an internal form, and nobody is asked it`,
        'Acuity refuses bookings without it; they are then made as the clinic’s staff and marked “details needed”.',
        'In Acuity: Intake Forms: make the question optional',
      ),
    );
  if (attention.lost > 0)
    lines.push(
      wrong(
        `${attention.lost} ${attention.lost === 1 ? 'detail has' : 'details have'} lost the question that held ${attention.lost === 1 ? 'it' : 'them'}`,
        'They reach Acuity no more, and are missing from appointments that are made there.',
        { text: 'Choose other questions', page },
      ),
    );
  if (attention.newRequired > 0)
    lines.push(
      warning(
        `${attention.newRequired} required ${attention.newRequired === 1 ? 'question is' : 'questions are'} new and mapped to no detail`,
        'Whoever books is asked, even where the answer is a detail that we know.',
        { text: 'Look at them, and save', page },
      ),
    );
  if (lines.every(({ state }) => state === 'ok'))
    lines.push(ok('Every required question is asked or mapped'));
  return lines;
}

function isNotAsked(field: NonNullable<MappingView['forms']>[number]['fields'][number]): boolean {
  return field.isInternal && field.required && field.detail === null && field.fixedBy === null;
}

function referenceLine({ details, serviceCount }: MappingView, page: string): Line {
  const reference = details.find(({ name }) => name === 'reference');
  const lacking = reference?.lacking ?? [];
  if (serviceCount === 0) return referenceLineWithoutExaminations(details, page);
  if (lacking.length === 0) return ok('Every examination has our reference');
  const isAll = lacking.length === serviceCount;
  const which = isAll ? 'Every examination goes' : `${lacking.length} of ${serviceCount} examinations go`;
  const names = lacking.map(({ specialist, type }) => `${specialist}: ${type}`);
  return warning(
    `${which} without our reference`,
    [...(isAll ? [] : [`Missing for ${names.join('; ')}.`]), ...costsOfNoReference],
    {
      text: 'Put a text question for it on the forms of all appointment types in Acuity, and choose it here',
      page,
    },
  );
}

/** No specialist offers anything yet: no examination lacks the reference, and none has it. */
function referenceLineWithoutExaminations(details: MappingView['details'], page: string): Line {
  const unmapped = details.filter(({ fieldId }) => fieldId === null);
  if (unmapped.every(({ name }) => name !== 'reference'))
    return ok('A question in Acuity holds our reference', 'No active specialist offers an examination yet.');
  return warning(
    'No question in Acuity holds our reference yet',
    [`Without a question: ${unmapped.map(({ label }) => label).join(', ')}.`, ...costsOfNoReference],
    { text: 'Choose the questions before the first booking', page },
  );
}

/** How many days an account may pass without any change of an appointment. */
const quietDays = 7;

async function checkWebhook({
  acuity,
  sync: { connection },
  relayUrl,
  clock,
  pages,
}: AcuityCheckDeps): Promise<Line[]> {
  const [listed, { lastEventAt, attention, trouble }] = await Promise.all([
    acuity.listWebhooks(),
    connection(),
  ]);
  if (!listed.ok)
    return [warning('Our webhook in Acuity could not be looked up', 'See the line about Acuity.')];
  const arrives =
    lastEventAt !== null && clock.now().getTime() - lastEventAt.getTime() < quietDays * 86_400_000;
  // The last look at them knows what stands in the way: connecting again would say the same.
  const text = trouble ? troubleWords[trouble] : 'Connect Acuity';
  const mend = { text, command: commandLine('acuity:connect'), page: pages.connection };
  const lines = wantedEvents.map((event) => {
    const ours = listed.value.filter((one) => one.event === event && one.target === relayUrl);
    if (ours.some(({ status }) => status === 'active'))
      return ok(`Our webhook for ${event} is there and active`);
    const isDisabled = ours.length > 0;
    if (!isDisabled && arrives)
      return warning(
        `Acuity has no webhook of ours for ${event}, and events arrive all the same`,
        'Somebody set one up by hand in Acuity: nobody notices when Acuity disables it.',
        mend,
      );
    return wrong(
      isDisabled
        ? `Acuity has disabled our webhook for ${event}`
        : `Acuity has no webhook of ours for ${event}`,
      'What happens in Acuity is seen by the reconciliation only, up to 15 minutes late.',
      mend,
    );
  });
  if (attention === 'quiet')
    lines.push(
      warning(
        attentionWords.quiet,
        'Something between Acuity and this app keeps its events back.',
        'See the line “Reachable for Acuity”, and what firewall or proxy stands before it',
      ),
    );
  return lines;
}
