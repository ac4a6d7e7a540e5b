// Texts about the connection to Acuity, shared by the command and the console's page.
import type { ConnectionTrouble } from './subscriptions.ts';
import type { SetUpState, Connection, ConnectionAttention, ConnectFailure } from './connection.ts';

/** What is wrong, and how to fix it. */
export const troubleWords: Record<ConnectFailure['reason'], string> = {
  unauthorized:
    'Acuity refuses the key: set ACUITY_USER_ID and ACUITY_API_KEY as Acuity shows them under Integrations, API, and restart',
  no_api_access:
    'Acuity gives this account no API: that needs a plan with API access. Change the plan in Acuity, then connect again',
  limit_reached:
    'This Acuity account has all the webhooks that Acuity allows (25): remove those that are not needed any more, then connect again',
  address:
    'Acuity cannot send to BASE_URL: it needs https, port 443 (take another port out of BASE_URL, and have the proxy listen there), and a name that Acuity can reach. Set BASE_URL, and restart',
  refused: 'Acuity refused to make the webhook: the log has its code. Connect again',
  unavailable: 'Acuity does not answer at the moment: connect again in a few minutes',
  forbidden: 'Connecting Acuity is for admins',
  under_way: 'Another process is connecting at the moment: connect again in two minutes',
};

export const attentionWords: Record<ConnectionAttention, string> = {
  never_connected: 'Acuity is not connected: it tells us of no change',
  broken: 'The connection to Acuity is broken',
  quiet: 'Bookings were made, and Acuity told us of none of them',
};

/** What is wrong with the connection, and what it costs. */
export function connectionWords(attention: ConnectionAttention, trouble: ConnectionTrouble | null): string {
  const isRefused = trouble === 'unauthorized' || trouble === 'no_api_access';
  return isRefused ? 'Acuity does not let us in: nobody can book, move or cancel' : attentionWords[attention];
}

/** What was found and made, one line each. */
export function connectedWords(connection: Connection): string[] {
  const { account, states, others, calendars, typeCount, questions } = connection;
  const made = { missing: 'made', disabled: 'was disabled, made again', silent: 'was silent, made again' };
  return [
    account
      ? `Acuity account: ${[account.name, account.email, `number ${account.id}`, account.timezone].filter(Boolean).join(', ')}`
      : 'Acuity account: could not be read at the moment',
    ...states.map(
      ({ event, target, acuityId, trouble }) =>
        `Webhook ${event} to ${target}: ${trouble ? made[trouble] : 'was there, and is active'} (number ${acuityId})`,
    ),
    ...others.map(
      ({ event, target, status, id }) =>
        `Webhook ${event} to ${target}: not of this installation, left alone (number ${id}, ${status})`,
    ),
    calendars
      ? `Calendars: ${calendars.count}, of which ${calendars.free.length} without a specialist. Appointment types: ${typeCount}`
      : 'Calendars and appointment types: could not be read at the moment',
    questions
      ? `Forms: ${questions.formCount}, with ${questions.questionCount} questions`
      : 'Forms: could not be read at the moment',
  ];
}

export interface NextStep {
  at: 'questions' | 'specialists' | 'people' | null;
  text: string;
}

/** The pages of the console where the steps are done. */
export const stepPages: Record<NonNullable<NextStep['at']>, string> = {
  questions: '/admin/acuity-questions',
  specialists: '/admin/resources/specialists/actions/new',
  people: '/account/people',
};

/** What is left to do, in order. */
export function nextSteps({ reach, calendars, questions }: Connection): NextStep[] {
  const steps: NextStep[] = [];
  if (reach !== 'ours')
    steps.push({
      at: null,
      text: `${reach === 'other' ? 'Something that is not Examdesk' : 'Nothing'} answers at our public address, asked from this machine: check that BASE_URL leads here from outside`,
    });
  if (calendars && calendars.free.length > 0)
    steps.push({
      at: 'specialists',
      text: `Add a specialist for each calendar that has none: ${calendars.free.map(({ name }) => name).join(', ')}`,
    });
  if (calendars?.count === 0)
    steps.push({ at: null, text: 'Acuity has no calendar: create one there for each specialist' });
  if (questions) steps.push(...questionSteps(questions));
  return steps;
}

/** What is left before anybody can book: none once a question is mapped, and there is a specialist and a referrer. */
export function firstSteps({ hasSpecialist, hasReferrer, mapping }: SetUpState): NextStep[] {
  const steps: NextStep[] = [];
  if (mapping)
    steps.push(
      ...(mapping.questions
        ? questionSteps(mapping.questions)
        : [{ at: 'questions', text: 'Say which question is which detail' } as const]),
    );
  if (!hasSpecialist) steps.push({ at: 'specialists', text: 'Add the first specialist' });
  if (!hasReferrer) steps.push({ at: 'people', text: 'Invite the first referrer' });
  return steps;
}

function questionSteps({ formCount, isSaved, unmapped }: NonNullable<Connection['questions']>): NextStep[] {
  if (formCount === 0)
    return [
      {
        at: null,
        text: 'Acuity has no form: create one there with a text question for our reference, attach it to every appointment type, then connect again',
      },
    ];
  if (unmapped.length > 0)
    return [
      {
        at: 'questions',
        text: `Say which question is which detail. Without a question so far: ${unmapped.join(', ')}`,
      },
    ];
  return isSaved ? [] : [{ at: 'questions', text: 'Check which question is which detail, and save' }];
}
