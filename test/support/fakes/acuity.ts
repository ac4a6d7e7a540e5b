import type {
  Acuity,
  AcuityFailure,
  AcuityForm,
  AcuityResult,
  Appointment,
} from '../../../src/ports/acuity.ts';
import { dayIn } from '../../../src/lib/dates.ts';
import { failure, ok } from '../../../src/lib/result.ts';

export interface FakeAcuity extends Acuity {
  /** Offers these times (ISO 8601 with offset) for a calendar, for any appointment type. */
  offer(calendarId: number, ...times: string[]): void;
  /** Makes every call fail like this, until `recover()`. */
  failWith(why: AcuityFailure): void;
  recover(): void;
  /** Makes calls wait for `answer()`; returns how many are waiting. */
  hold(): { answer(): void; waiting(): number };
  /** Books this time in Acuity for somebody else, even while calls are held or fail. */
  occupySlot(calendarId: number, startsAt: string): void;
  calls: { method: keyof Acuity; query: unknown }[];
  appointments: Map<number, Appointment>;
  /** What GET /forms returns. Appointments are made whatever the forms require. */
  intakeForms: AcuityForm[];
  /** From now on; also for copies of the fake made by spreading. */
  showForms(...forms: AcuityForm[]): void;
}

/** How Acuity fails when it is down. */
export const acuityDown: AcuityFailure = { reason: 'unavailable', notSent: true, retryAfterMs: 10_000 };

/** As in the demo: our details on every appointment type. */
export function detailsForm(): AcuityForm {
  const fields = [9101, 9102, 9103, 9104, 9105, 9106, 9107, 9108, 9109];
  return {
    id: 501,
    name: 'Examination details',
    description: null,
    isInternal: false,
    appointmentTypeIds: [8001, 8002, 8003, 8004, 8005, 8006],
    fields: fields.map((id) => ({ id, name: `Detail ${id}`, required: false, type: 'textbox', options: [] })),
  };
}

/**
 * A small Acuity in memory: offered times, appointments, double bookings refused. No padding; forms are not enforced.
 */
export function createFakeAcuity(): FakeAcuity {
  const offered = new Map<number, Set<number>>();
  const appointments = new Map<number, Appointment>();
  const calls: FakeAcuity['calls'] = [];
  const forms: AcuityForm[] = [detailsForm()];
  let failing: AcuityFailure | null = null;
  let gate: Promise<void> | null = null;
  let waiting = 0;
  let nextId = 1_000_000_001;

  const free = (calendarId: number) => [...(offered.get(calendarId) ?? [])].toSorted((a, b) => a - b);

  async function answer<T>(
    method: keyof Acuity,
    query: unknown,
    work: () => AcuityResult<T>,
  ): Promise<AcuityResult<T>> {
    calls.push({ method, query });
    // Acuity's result is from the time of the call; a held answer arrives late and may be outdated.
    const result = failing ? failure(failing) : work();
    if (gate) {
      waiting += 1;
      await gate;
      waiting -= 1;
    }
    await new Promise((go) => setImmediate(go));
    return result;
  }

  function change(id: number, work: (appointment: Appointment) => AcuityResult<Appointment>) {
    const appointment = appointments.get(id);
    if (!appointment) return failure({ reason: 'not_found' });
    const changed = work(appointment);
    if (changed.ok) appointments.set(id, changed.value);
    return changed;
  }

  function take(calendarId: number, startsAt: Date): AcuityResult<true> {
    if (offered.get(calendarId)?.delete(startsAt.getTime())) return ok(true);
    const message = `The time "${startsAt.toISOString()}" is not an available time slot.`;
    return failure({ reason: 'refused', code: 'not_available', message, status: 400 });
  }

  return {
    calls,
    appointments,
    get intakeForms() {
      return forms;
    },
    set intakeForms(shown) {
      forms.splice(0, forms.length, ...shown);
    },
    showForms(...shown) {
      forms.splice(0, forms.length, ...shown);
    },
    offer(calendarId, ...times) {
      const slots = offered.get(calendarId) ?? new Set();
      for (const time of times) slots.add(new Date(time).getTime());
      offered.set(calendarId, slots);
    },
    occupySlot(calendarId, startsAt) {
      offered.get(calendarId)?.delete(new Date(startsAt).getTime());
    },
    failWith(why) {
      failing = why;
    },
    recover() {
      failing = null;
    },
    hold() {
      let open = () => {};
      gate = new Promise((go) => {
        open = () => {
          gate = null;
          go();
        };
      });
      return { answer: () => open(), waiting: () => waiting };
    },

    availableDates: (query) =>
      answer('availableDates', query, () => {
        const days = free(query.calendarId).map((time) => dayIn(new Date(time), query.timezone));
        return ok([...new Set(days)].filter((day) => day.startsWith(query.month)));
      }),
    availableTimes: (query) =>
      answer('availableTimes', query, () => {
        const times = free(query.calendarId).map((time) => new Date(time));
        return ok(times.filter((time) => dayIn(time, query.timezone) === query.date));
      }),
    createAppointment: (wanted) =>
      answer('createAppointment', wanted, () => {
        const taken = take(wanted.calendarId, wanted.startsAt);
        if (!taken.ok && !wanted.asStaff) return taken;
        const appointment: Appointment = {
          id: nextId++,
          appointmentTypeId: wanted.appointmentTypeId,
          calendarId: wanted.calendarId,
          startsAt: wanted.startsAt,
          durationMinutes: 60,
          calendarTimezone: wanted.timezone,
          canceled: false,
          noShow: false,
          client: wanted.client,
          location: null,
          notes: null,
          scheduledBy: null,
          answers: new Map(wanted.fields.map((field) => [field.id, field.value])),
        };
        appointments.set(appointment.id, appointment);
        return ok(appointment);
      }),
    getAppointment: (id) => answer('getAppointment', { id }, () => change(id, (found) => ok(found))),
    findAppointments: (window) =>
      answer('findAppointments', window, () => {
        const { field, calendarId, email, which = 'active' } = window;
        return ok(
          [...appointments.values()].filter(
            (found) =>
              (which === 'all' || found.canceled === (which === 'canceled')) &&
              (calendarId === undefined || found.calendarId === calendarId) &&
              (email === undefined || found.client.email === email) &&
              (field === undefined || found.answers.get(field.id) === field.value),
          ),
        );
      }),
    reschedule: (id, to) =>
      answer('reschedule', { id, ...to }, () =>
        change(id, (found) => {
          const calendarId = to.calendarId ?? found.calendarId;
          const taken = take(calendarId, to.startsAt);
          if (!taken.ok) return taken;
          offered.get(found.calendarId)?.add(found.startsAt.getTime());
          return ok({ ...found, calendarId, startsAt: to.startsAt });
        }),
      ),
    cancel: (id, options) =>
      answer('cancel', { id, ...options }, () =>
        change(id, (found) => {
          offered.get(found.calendarId)?.add(found.startsAt.getTime());
          return ok({ ...found, canceled: true, noShow: options?.noShow ?? false });
        }),
      ),
    account: () =>
      answer('account', {}, () =>
        ok({
          id: 11100001,
          name: 'Examdesk demo',
          email: 'clinic@examdesk.example',
          timezone: 'Australia/Sydney',
          plan: 'Professional',
        }),
      ),
    calendars: () =>
      answer('calendars', {}, () =>
        ok([{ id: 7009, name: 'Dr Ines Roy', location: null, timezone: 'Australia/Hobart' }]),
      ),
    appointmentTypes: () =>
      answer('appointmentTypes', {}, () =>
        ok([{ id: 99, name: 'IME', durationMinutes: 45, calendarIds: [7009] }]),
      ),
    forms: () => answer('forms', {}, () => ok(structuredClone(forms))),
    listWebhooks: () => answer('listWebhooks', {}, () => ok([])),
    createWebhook: (event, target) =>
      answer('createWebhook', { event, target }, () => ok({ id: 1, event, target, status: 'active' })),
    deleteWebhook: (id) => answer('deleteWebhook', { id }, () => ok(true as const)),
    ping: () => answer('ping', {}, () => ok(true)),
  };
}
