import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { failure, ok } from '../../lib/result.ts';
import type {
  Acuity,
  AcuityResult,
  Appointment,
  AppointmentWindow,
  NewAppointment,
} from '../../ports/acuity.ts';
import { type AcuityClientOptions, type Call, createCalls } from './acuity-calls.ts';
import type { Lane } from './limiter.ts';
import {
  accountReply,
  asAppointment,
  availableDatesReply,
  availableTimesReply,
  formatDatetime,
  type KnownFacts,
  readAppointment,
  appointmentTypesReply,
  calendarsReply,
  formsReply,
  webhookReply,
} from './wire.ts';

// Readiness checks must not use up the rate limit that bookings need.
const pingEveryMs = 5_000;
// The referrer waits for the read-back; when it fails, the request's own values are used.
const readBackTimeoutMs = 3_000;
const readBackPauseMs = 250;
// A page waits for the forms, and falls back to those that were read last.
const formsTimeoutMs = 5_000;

/** For what people do. All its calls share one quota with those of `background`. */
export interface AcuityClient extends Acuity {
  /** For work that nobody waits for: its calls let those of people go first. */
  background: Acuity;
}

export function createAcuityClient(options: AcuityClientOptions): AcuityClient {
  const log = options.log.child({ part: 'acuity' });
  const calls = createCalls({ ...options, log });
  const shared = { log, timeoutMs: options.timeoutMs };
  return {
    ...clientOver((call) => calls(call, laneOf(call)), shared),
    background: clientOver((call) => calls(call, 'background'), shared),
  };
}

const laneOf = ({ method, isForBooking }: Call): Lane =>
  method === 'GET' && !isForBooking ? 'page' : 'booking';

function clientOver(
  call: (call: Call) => Promise<AcuityResult<unknown>>,
  { log, timeoutMs: clientTimeoutMs }: Pick<AcuityClientOptions, 'log' | 'timeoutMs'>,
): Acuity {
  async function readAs<T>(schema: z.ZodType<T>, request: Call): Promise<AcuityResult<T>> {
    const answer = await call(request);
    if (!answer.ok) return answer;
    const parsed = schema.safeParse(answer.value);
    return parsed.success ? ok(parsed.data) : unreadable(request);
  }

  function unreadable(request: Call): AcuityResult<never> {
    log.error(
      { method: request.method, route: request.route, ...request.ids },
      'An answer of Acuity cannot be read',
    );
    return failure({ reason: 'unreadable' });
  }

  async function getAppointment(id: number, timeoutMs = clientTimeoutMs): Promise<AcuityResult<Appointment>> {
    const request: Call = {
      method: 'GET',
      route: '/appointments/{id}',
      path: `/appointments/${id}`,
      ids: { appointmentId: id },
      timeoutMs,
    };
    const answer = await call(request);
    if (!answer.ok) return answer;
    const read = readAppointment(answer.value);
    if (read.kind === 'complete') return ok(read.appointment);
    const appointment = read.kind === 'incomplete' ? asAppointment(read.reply, {}) : null;
    return appointment ? ok(appointment) : unreadable(request);
  }

  /** The change was carried out. Whatever the reply lacks is read back, or taken from the request. */
  async function change(
    request: Call,
    known: KnownFacts & { id?: number },
  ): Promise<AcuityResult<Appointment>> {
    const answer = await call(request);
    if (!answer.ok) return answer;
    const read = readAppointment(answer.value, known);
    if (read.kind === 'complete') return ok(read.appointment);
    const id = read.kind === 'incomplete' ? read.id : known.id;
    if (id === undefined) return unreadable(request);
    log.warn(
      { route: request.route, appointmentId: id },
      'Acuity answered a change incompletely: the appointment is read back',
    );
    const again = await readBack(id);
    if (again.ok) return again;
    const appointment = read.kind === 'incomplete' ? asAppointment(read.reply, known) : null;
    return appointment ? ok(appointment) : unreadable(request);
  }

  /** Retries while Acuity answers 404: a new appointment can take a moment to become readable. */
  async function readBack(id: number): Promise<AcuityResult<Appointment>> {
    const until = performance.now() + Math.min(readBackTimeoutMs, clientTimeoutMs);
    for (;;) {
      const result = await getAppointment(id, Math.max(1, until - performance.now()));
      const isLagging = !result.ok && result.reason === 'not_found';
      if (!isLagging || performance.now() + readBackPauseMs >= until) return result;
      await sleep(readBackPauseMs);
    }
  }

  let lastPing = { at: Number.NEGATIVE_INFINITY, answer: Promise.resolve<AcuityResult<true>>(ok(true)) };
  async function pingNow(): Promise<AcuityResult<true>> {
    const timeoutMs = Math.min(3_000, clientTimeoutMs);
    const answer = await call({ method: 'GET', route: '/me', timeoutMs, once: true });
    return answer.ok ? ok(true) : answer;
  }

  return {
    async availableDates({ month, appointmentTypeId, calendarId, timezone }) {
      const query = params({ month, appointmentTypeID: appointmentTypeId, calendarID: calendarId, timezone });
      const ids = { appointmentTypeId, calendarId };
      const request: Call = { method: 'GET', route: '/availability/dates', query, ids };
      const answer = await readAs(availableDatesReply, request);
      return answer.ok ? ok(answer.value.map(({ date }) => date)) : answer;
    },
    async availableTimes({ date, appointmentTypeId, calendarId, timezone }) {
      const query = params({ date, appointmentTypeID: appointmentTypeId, calendarID: calendarId, timezone });
      const ids = { appointmentTypeId, calendarId };
      const request: Call = { method: 'GET', route: '/availability/times', query, ids };
      const answer = await readAs(availableTimesReply, request);
      if (!answer.ok) return answer;
      return ok(answer.value.filter((slot) => slot.slotsAvailable !== 0).map((slot) => slot.time));
    },

    async createAppointment(wanted) {
      const { startsAt, appointmentTypeId, calendarId, client, fields } = wanted;
      const query = params({ noEmail: true, ...(wanted.asStaff && { admin: true }) });
      const ids = { appointmentTypeId, calendarId };
      const request: Call = {
        method: 'POST',
        route: '/appointments',
        query,
        body: newAppointment(wanted),
        ids,
      };
      const answers = new Map(fields.map((field) => [field.id, field.value]));
      return change(request, { startsAt, appointmentTypeId, calendarId, client, answers, canceled: false });
    },
    getAppointment: (id) => getAppointment(id),
    async findAppointments(window) {
      const request: Call = { method: 'GET', route: '/appointments', query: windowParams(window) };
      const answer = await call(request);
      if (!answer.ok) return answer;
      if (!Array.isArray(answer.value)) return unreadable(request);
      const known = { canceled: window.which === 'canceled' };
      const found = answer.value.map((row) => readLeniently(row, known));
      // A row left out would mean that the appointment does not exist, and it would be booked a second time.
      return found.every((row) => row !== null) ? ok(found) : unreadable(request);
    },
    async reschedule(id, { startsAt, calendarId, timezone, asStaff }) {
      const request: Call = {
        method: 'PUT',
        route: '/appointments/{id}/reschedule',
        path: `/appointments/${id}/reschedule`,
        query: params({ noEmail: true, ...(asStaff && { admin: true }) }),
        body: {
          datetime: formatDatetime(startsAt, timezone ?? 'UTC'),
          ...(calendarId !== undefined && { calendarID: calendarId }),
          ...(timezone && { timezone }),
        },
        ids: { appointmentId: id },
      };
      return change(request, {
        id,
        startsAt,
        ...(calendarId !== undefined && { calendarId }),
        canceled: false,
      });
    },
    async cancel(id, { note, noShow, asStaff } = {}) {
      const request: Call = {
        method: 'PUT',
        route: '/appointments/{id}/cancel',
        path: `/appointments/${id}/cancel`,
        query: params({ noEmail: true, ...(asStaff && { admin: true }) }),
        body: { ...(note && { cancelNote: note }), ...(noShow !== undefined && { noShow }) },
        ids: { appointmentId: id },
      };
      return change(request, { id, canceled: true });
    },
    account: () => readAs(accountReply, { method: 'GET', route: '/me' }),
    calendars: () => readAs(calendarsReply, { method: 'GET', route: '/calendars' }),
    async appointmentTypes() {
      const answer = await readAs(appointmentTypesReply, { method: 'GET', route: '/appointment-types' });
      if (!answer.ok) return answer;
      return ok(answer.value.filter(({ active }) => active).map(({ active: _active, ...type }) => type));
    },
    forms() {
      const timeoutMs = Math.min(formsTimeoutMs, clientTimeoutMs);
      return readAs(formsReply, { method: 'GET', route: '/forms', timeoutMs, isForBooking: true });
    },
    listWebhooks: () => readAs(z.array(webhookReply), { method: 'GET', route: '/webhooks' }),
    createWebhook: (event, target) =>
      readAs(webhookReply, { method: 'POST', route: '/webhooks', body: { event, target } }),
    async deleteWebhook(id) {
      const request: Call = { method: 'DELETE', route: '/webhooks/{id}', path: `/webhooks/${id}` };
      const answer = await call(request);
      return answer.ok || answer.reason === 'not_found' ? ok(true) : answer;
    },
    ping() {
      if (performance.now() - lastPing.at > pingEveryMs)
        lastPing = { at: performance.now(), answer: pingNow() };
      return lastPing.answer;
    },
  };
}

function newAppointment(wanted: NewAppointment): object {
  return {
    datetime: formatDatetime(wanted.startsAt, wanted.timezone),
    appointmentTypeID: wanted.appointmentTypeId,
    // Without a calendar Acuity may choose another specialist.
    calendarID: wanted.calendarId,
    timezone: wanted.timezone,
    ...wanted.client,
    fields: wanted.fields,
  };
}

function readLeniently(row: unknown, known: KnownFacts): Appointment | null {
  const read = readAppointment(row, known);
  if (read.kind === 'complete') return read.appointment;
  return read.kind === 'incomplete' ? asAppointment(read.reply, known) : null;
}

function windowParams({ minDate, maxDate, calendarId, email, field, which, max }: AppointmentWindow) {
  return params({
    ...(minDate && { minDate }),
    ...(maxDate && { maxDate }),
    ...(calendarId !== undefined && { calendarID: calendarId }),
    ...(email && { email }),
    ...(field && { [`field:${field.id}`]: field.value }),
    ...(which === 'canceled' && { canceled: true }),
    ...(which === 'all' && { showall: true }),
    ...(max !== undefined && { max }),
  });
}

function params(values: Record<string, string | number | boolean>): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) query.set(name, String(value));
  return query;
}
