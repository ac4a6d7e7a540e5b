import type { Result } from '../lib/result.ts';

/** An Acuity appointment as we need it. Times are instants; strings are trimmed; absent is null. */
export interface Appointment {
  id: number;
  appointmentTypeId: number;
  calendarId: number;
  startsAt: Date;
  /** Null or left out when the reply did not say. */
  createdAt?: Date | null;
  /** 0 when the reply did not say. */
  durationMinutes: number;
  /** IANA zone of the calendar; null when the reply did not say. */
  calendarTimezone: string | null;
  canceled: boolean;
  /** Only ever true on a cancelled appointment. */
  noShow: boolean;
  client: { firstName: string; lastName: string; email: string | null; phone: string | null };
  /** Place or meeting address, as free text. */
  location: string | null;
  notes: string | null;
  /** E-mail of the staff member who booked; null when the client (or the API) did. */
  scheduledBy: string | null;
  /** Intake answers by field id; empty answers are left out. */
  answers: ReadonlyMap<number, string>;
}

/** `unavailable`: nothing is known about what Acuity did with the call; a write may have been carried out. */
export type AcuityFailure =
  | {
      reason: 'unavailable' /** true when the call certainly never reached Acuity */;
      notSent: boolean;
      retryAfterMs: number;
    }
  | { reason: 'rate_limited'; retryAfterMs: number }
  | { reason: 'unauthorized' }
  | { reason: 'not_found' }
  /** Acuity said no, in words of its own: 4xx with a known envelope. `code` is its `error`. */
  | { reason: 'refused'; code: string; message: string; status: number }
  /** 2xx with a body that is not what the API promises. */
  | { reason: 'unreadable' };

export type AcuityResult<T> = Result<T, AcuityFailure>;

export interface NewAppointment {
  startsAt: Date;
  appointmentTypeId: number;
  calendarId: number;
  /** IANA zone shown to the client. */
  timezone: string;
  client: { firstName: string; lastName: string; email: string; phone: string };
  fields: { id: number; value: string }[];
  /** Acuity checks neither whether the time is free nor the fields. */
  asStaff?: boolean;
}

export interface AppointmentWindow {
  /** Calendar days, inclusive, `YYYY-MM-DD`. */
  minDate?: string;
  maxDate?: string;
  calendarId?: number;
  email?: string;
  field?: { id: number; value: string };
  /** `active` (Acuity's default), `canceled` only, or both. */
  which?: 'active' | 'canceled' | 'all';
  max?: number;
}

/** A dynamic webhook: one event, one target (acuity.md 6.15). */
export interface WebhookSubscription {
  id: number;
  event: string;
  target: string;
  /** `active`; anything else is disabled. */
  status: string;
}

/** Whose key we have. */
export interface AcuityAccount {
  id: number;
  name: string | null;
  email: string | null;
  /** IANA. */
  timezone: string | null;
  plan: string | null;
}

export interface AcuityCalendar {
  id: number;
  name: string;
  location: string | null;
  /** IANA. */
  timezone: string;
}

export interface AcuityAppointmentType {
  id: number;
  name: string;
  durationMinutes: number;
  /** Of the calendars that offer it. */
  calendarIds: number[];
}

export const acuityFieldTypes = [
  'textbox',
  'textarea',
  'dropdown',
  'checkbox',
  'checkboxlist',
  'yesno',
  'address',
  'file',
] as const;

export interface AcuityField {
  id: number;
  name: string;
  required: boolean;
  /** `textbox` for a type that we do not know. */
  type: (typeof acuityFieldTypes)[number];
  options: string[];
}

/** An intake form with its questions, in Acuity's order. */
export interface AcuityForm {
  id: number;
  name: string;
  description: string | null;
  /** Filled in by the clinic, not shown to clients. */
  isInternal: boolean;
  /** The appointment types that ask it. */
  appointmentTypeIds: number[];
  fields: AcuityField[];
}

export interface Acuity {
  account(): Promise<AcuityResult<AcuityAccount>>;
  calendars(): Promise<AcuityResult<AcuityCalendar[]>>;
  /** Those that can be booked now. */
  appointmentTypes(): Promise<AcuityResult<AcuityAppointmentType[]>>;
  /** All intake forms of the account. What cannot be read of one is left out. Takes 5 s at most. */
  forms(): Promise<AcuityResult<AcuityForm[]>>;
  /** Days of a month with a free time. `month`: `YYYY-MM`, read in `timezone`. */
  availableDates(query: {
    month: string;
    appointmentTypeId: number;
    calendarId: number;
    timezone: string;
  }): Promise<AcuityResult<string[]>>;
  /** Free times of one day. `date`: `YYYY-MM-DD`, read in `timezone`. */
  availableTimes(query: {
    date: string;
    appointmentTypeId: number;
    calendarId: number;
    timezone: string;
  }): Promise<AcuityResult<Date[]>>;
  /** Acuity checks that the slot is free, unless `asStaff`. Never retried here: there is no idempotency key. */
  createAppointment(appointment: NewAppointment): Promise<AcuityResult<Appointment>>;
  getAppointment(id: number): Promise<AcuityResult<Appointment>>;
  findAppointments(window: AppointmentWindow): Promise<AcuityResult<Appointment[]>>;
  reschedule(
    id: number,
    to: { startsAt: Date; calendarId?: number; timezone?: string; asStaff?: boolean },
  ): Promise<AcuityResult<Appointment>>;
  cancel(
    id: number,
    options?: { note?: string; noShow?: boolean; asStaff?: boolean },
  ): Promise<AcuityResult<Appointment>>;
  listWebhooks(): Promise<AcuityResult<WebhookSubscription[]>>;
  createWebhook(event: string, target: string): Promise<AcuityResult<WebhookSubscription>>;
  /** One that is gone already is as good. */
  deleteWebhook(id: number): Promise<AcuityResult<true>>;
  /** Throws nothing; says whether Acuity answers now (for /readyz). */
  ping(): Promise<AcuityResult<true>>;
}
