// Parses an event. Only its ids are used; what happened is read from Acuity.
import { z } from 'zod';

export const webhookChannels = ['relay', 'direct', 'automation'] as const;
export type Channel = (typeof webhookChannels)[number];
export const webhookRefusals = ['bad_signature', 'unsupported_type', 'malformed', 'too_old'] as const;
export type Refusal = (typeof webhookRefusals)[number];
export const webhookStates = ['waiting', 'delivering', 'processed', 'dead', 'refused'] as const;

/** Headers that are stored and delivered with the body. */
export const keptHeaders = [
  'content-type',
  'x-acuity-signature',
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
] as const;

export interface IncomingEvent {
  body: Buffer;
  /** Lower-case names. */
  headers: Record<string, string>;
}

export interface EventFacts {
  action: string | null;
  appointmentId: number | null;
}

const id = z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER);
const action = z.string().trim().min(1).max(60);

/** Null for what is neither a form nor, when it is JSON, an object. */
export function factsOf({ body, headers }: IncomingEvent): EventFacts | null {
  const given = isJson(headers)
    ? fromJson(body)
    : Object.fromEntries(new URLSearchParams(body.toString('utf8')));
  if (given === null) return null;
  const parsed = action.safeParse(given.action);
  const appointment = id.safeParse(given.id);
  return {
    action: parsed.success ? parsed.data.replace(/^appointment\./, '').replaceAll(/[^\w.-]/g, '') : null,
    appointmentId: appointment.success ? appointment.data : null,
  };
}

export function isJson(headers: Record<string, string>): boolean {
  return /^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '');
}

export function isForm(headers: Record<string, string>): boolean {
  return /^application\/x-www-form-urlencoded\s*(;|$)/i.test(headers['content-type'] ?? '');
}

function fromJson(body: Buffer): Record<string, unknown> | null {
  try {
    const given: unknown = JSON.parse(body.toString('utf8'));
    return typeof given === 'object' && given !== null && !Array.isArray(given)
      ? (given as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

const aboutAppointments = new Set([
  'scheduled',
  'rescheduled',
  'changed',
  'updated',
  'canceled',
  'cancelled',
  'no_show',
  'no-show',
  'noshow',
]);

/** Whether the event is about an appointment. Its action does not matter, because the present state is read. */
export function concernsAppointment(facts: EventFacts): facts is { action: string; appointmentId: number } {
  return (
    facts.appointmentId !== null && facts.action !== null && aboutAppointments.has(facts.action.toLowerCase())
  );
}
