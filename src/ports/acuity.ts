import type { Result } from '../lib/result.ts';

/** An Acuity appointment as we need it. Times are instants; strings are trimmed; absent is null. */
export interface Appointment {
  id: number;
  appointmentTypeId: number;
  calendarId: number;
  startsAt: Date;
  /** Null or left out when the reply did not say. */
  createdAt?: Date | null;
  /** 0 when the reply had none. */
  durationMinutes: number;
  /** IANA zone of the calendar; null when the reply had none. */
  calendarTimezone: string | null;
  canceled: boolean;
  /** Only ever true for a cancelled appointment. */
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

/** `unavailable`: unknown whether Acuity carried the call out; a write may have taken effect. */
export type AcuityFailure =
  | {
      reason: 'unavailable' /** `notSent`: the call certainly never reached Acuity */;
      notSent: boolean;
      retryAfterMs: number;
    }
  | { reason: 'rate_limited'; retryAfterMs: number }
  /** Never sent: too many of our own calls wait for what Acuity allows. */
  | { reason: 'queue_full'; retryAfterMs: number }
  | { reason: 'unauthorized' }
  | { reason: 'not_found' }
  /** Acuity refused: a 4xx with its error envelope. `code` is the envelope's `error`. */
  | { reason: 'refused'; code: string; message: string; status: number }
  /** A 2xx whose body is not what the API promises. */
  | { reason: 'unreadable' };

/**
 * Acuity does not let us in: it refuses the key, or the account's plan has no API. No call works until an admin has
 * corrected that.
 */
export function refusesUs(failure: AcuityFailure): boolean {
  return failure.reason === 'unauthorized' || (failure.reason === 'refused' && failure.status === 403);
}

export type AcuityResult<T> = Result<T, AcuityFailure>;

export interface NewAppointment {
  startsAt: Date;
  appointmentTypeId: number;
  calendarId: number;
  /** IANA zone shown to the client. */
  timezone: string;
  client: { firstName: string; lastName: string; email: string; phone: string };
  fields: { id: number; value: string }[];
  /** `admin=true`: Acuity checks neither the time nor the fields. */
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

/** The account whose API key we use. */
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
  /** The calendars that offer the type. */
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
  /** Unknown types become `textbox`. */
  type: (typeof acuityFieldTypes)[number];
  options: string[];
}

/** An intake form with its questions, in Acuity's order. */
export interface AcuityForm {
  id: number;
  name: string;
  description: string | null;
  /** Staff of the clinic fill it in; clients never see it. */
  isInternal: boolean;
  /** The appointment types that the form is attached to. */
  appointmentTypeIds: number[];
  fields: AcuityField[];
}

export interface Acuity {
  account(): Promise<AcuityResult<AcuityAccount>>;
  calendars(): Promise<AcuityResult<AcuityCalendar[]>>;
  /** The types that can be booked now. */
  appointmentTypes(): Promise<AcuityResult<AcuityAppointmentType[]>>;
  /** All intake forms of the account, without the parts that cannot be read. Takes 5 s at most. */
  forms(): Promise<AcuityResult<AcuityForm[]>>;
  /** Days of a month with a free time. `month` is `YYYY-MM` in `timezone`. */
  availableDates(query: {
    month: string;
    appointmentTypeId: number;
    calendarId: number;
    timezone: string;
  }): Promise<AcuityResult<string[]>>;
  /** Free times of one day. `date` is `YYYY-MM-DD` in `timezone`. */
  availableTimes(query: {
    date: string;
    appointmentTypeId: number;
    calendarId: number;
    timezone: string;
  }): Promise<AcuityResult<Date[]>>;
  /** Acuity checks that the slot is free, unless `asStaff`. Never retried, because Acuity has no idempotency key. */
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
  /** Also ok when the subscription is gone already. */
  deleteWebhook(id: number): Promise<AcuityResult<true>>;
  /** Whether Acuity answers now (for /readyz). Never throws. */
  ping(): Promise<AcuityResult<true>>;
}
