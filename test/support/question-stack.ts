// The app and a simulated Acuity over HTTP, with a specialist whose form has a question of each type.
import type { Agent } from './app.ts';
import { dayFromToday } from './days.ts';
import {
  openWebhookStack,
  rita as ritasAddress,
  type StackOptions,
  type WebhookStack,
} from './webhook-stack.ts';

export interface QuestionStack extends WebhookStack {
  rita: Agent;
  specialistId: string;
  /** A free time of the specialist that was not returned before. */
  freeTime(): Promise<string>;
  /** The body of POST /bookings; by default with an answer to every required question. */
  request(change?: { answers?: object[]; [key: string]: unknown }): Promise<Record<string, unknown>>;
  /** An appointment's answers in Acuity, by field. */
  inAcuity(appointmentId: number): Promise<Record<number, string>>;
  /** Active appointments in the specialist's calendar. */
  appointments(): Promise<{ id: number; datetime: string }[]>;
  /** Makes GET /forms fail from now on; `null`: makes it work again. */
  closeForms(effect: object | null): Promise<void>;
}

/** Form 571 of the fixture. */
export const fields = {
  reference: 9571,
  report: 9572,
  claim: 9573,
  twoHours: 9574,
  records: 9575,
  glasses: 9576,
  address: 9577,
  letter: 9578,
} as const;

export const required = [
  { fieldId: fields.reference, value: 'HL-2207' },
  { fieldId: fields.claim, value: 'Work injury' },
  { fieldId: fields.twoHours, value: 'yes' },
  { fieldId: fields.records, value: ['Imaging', 'Hospital records'] },
  { fieldId: fields.glasses, value: 'no' },
];

export const everything = [
  ...required,
  { fieldId: fields.report, value: 'Capacity for work?\nPrognosis?' },
  { fieldId: fields.address, value: '12 High Street\nGeelong VIC 3220' },
  { fieldId: fields.letter, value: 'https://files.example/letter.pdf' },
];

export async function openQuestionStack(options: StackOptions = {}): Promise<QuestionStack> {
  const stack = await openWebhookStack({
    ...options,
    overrides: { questions: { timings: { gapMs: 0, retryMs: 200 } }, ...options.overrides },
  });
  const rita = await stack.app.signIn(ritasAddress);
  const specialist = (await stack.app.db('specialists').where({ acuity_calendar_id: 7008 }).first('id')) as {
    id: string;
  };
  const times = freeTimes(stack);
  const freeTime = async () => {
    const next = await times.next();
    if (next.done) throw new Error('The simulator has no free time left');
    return next.value;
  };
  return {
    ...stack,
    rita,
    specialistId: specialist.id,
    freeTime,
    request: async (change = {}) => ({
      specialistId: specialist.id,
      type: 'in_person',
      startsAt: change.startsAt ?? (await freeTime()),
      examinee: { firstName: 'Ewan', lastName: 'Marsh', phone: '0412 345 678' },
      answers: required,
      ...change,
    }),
    async inAcuity(appointmentId) {
      const { forms } = await stack.staff<{ forms: { values: { fieldID: number; value: string }[] }[] }>(
        'GET',
        `/appointments/${appointmentId}`,
      );
      const values = forms.flatMap((form) => form.values).filter(({ value }) => value !== '');
      return Object.fromEntries(values.map(({ fieldID, value }) => [fieldID, value]));
    },
    appointments: () => stack.staff('GET', '/appointments?calendarID=7008&max=500'),
    closeForms: (effect) =>
      stack.control('/faults', { rules: effect ? [{ method: 'GET', path: '/forms', effect }] : [] }),
  };
}

async function* freeTimes(stack: WebhookStack): AsyncGenerator<string> {
  for (let day = 3; day < 190; day += 1) {
    const date = dayFromToday(day);
    const times = await stack.staff<{ time: string }[]>(
      'GET',
      `/availability/times?date=${date}&appointmentTypeID=8005&calendarID=7008&timezone=Australia/Melbourne`,
    );
    // Appointments at neighbouring times would overlap: one a day.
    if (times[0]) yield times[0].time.replace(/(\d\d)$/, ':$1');
  }
}
