// Checks whether a booking can be requested, and works out the request to store.
import { createHash } from 'node:crypto';
import { attribution, auditActor, type Actor } from '../accounts/index.ts';
import { detailsIn, hashedDetails, type BookingRequest } from '../bookings/index.ts';
import { failure, type FieldError, ok, type Result } from '../lib/result.ts';
import type { Specialist, SpecialistService } from '../specialists/index.ts';
import type { AttemptDeps } from './attempt.deps.ts';
import { checkQuestions, type CheckedQuestions } from './attempt.questions.ts';
import type { AttemptRequest, BookFailure, NewAttempt } from './attempt.ts';

/** What a person requests, and under which idempotency key. */
export interface ReceivedRequest {
  actor: Actor;
  request: BookingRequest;
  idempotencyKey: string | null;
  requestHash: string;
}

export interface Plan {
  specialist: Specialist;
  service: SpecialistService;
  questions: CheckedQuestions;
}

/** Equal requests have equal hashes, whatever the order of their keys. Stored keyed only (keyed-digests.ts). */
export function hashOf(request: BookingRequest): string {
  const parts = [
    request.specialistId,
    request.type,
    request.startsAt.toISOString(),
    request.timezone,
    ...hashedDetails(request),
    request.answers.map((answer) => [answer.fieldId, answer.value]),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

export async function planFor(
  deps: AttemptDeps,
  request: BookingRequest,
): Promise<Result<Plan, BookFailure>> {
  const errors: FieldError[] = [];
  const specialist = await deps.specialists.findById(request.specialistId);
  const service = specialist?.services.find((offered) => offered.type === request.type);
  if (!specialist?.isActive) {
    errors.push({ path: 'specialistId', message: 'This specialist cannot be booked: choose another' });
  } else if (!service) {
    errors.push({ path: 'type', message: 'This specialist does not offer this kind of examination' });
  }
  if (request.startsAt <= deps.clock.now()) {
    errors.push({ path: 'startsAt', message: 'This time has passed: choose a later one' });
  }
  if (!specialist || !service || errors.length > 0) return failure({ reason: 'invalid', errors });
  const questions = await checkQuestions(deps, service.acuityAppointmentTypeId, request);
  return questions.errors.length > 0
    ? failure({ reason: 'invalid', errors: questions.errors })
    : ok({ specialist, service, questions });
}

export function attemptFor(deps: AttemptDeps, received: ReceivedRequest, plan: Plan): Omit<NewAttempt, 'id'> {
  const { specialist, service, questions } = plan;
  const { viewer } = received.actor;
  const { byId, forId } = attribution(viewer);
  const { type, timezone, startsAt } = received.request;
  const request: AttemptRequest<'book'> = {
    kind: 'book',
    type,
    timezone,
    ...detailsIn(received.request),
    answers: questions.answers,
    ...(!questions.areKnown && { detailsNeeded: true }),
    actor: auditActor(received.actor),
    client: { name: viewer.name, email: viewer.email },
    organizationName: viewer.organization?.name ?? '',
    acuity: {
      appointmentTypeId: service.acuityAppointmentTypeId,
      calendarId: specialist.acuityCalendarId,
      omittedFieldIds: questions.omittedFieldIds,
      referenceFieldId: questions.referenceFieldId,
    },
    durationMinutes: service.durationMinutes,
    examinationTimezone: specialist.timezone,
    location: specialist.location,
  };
  return {
    bookingId: null,
    reference: deps.ids.reference(),
    specialistId: specialist.id,
    organizationId: viewer.organization?.id ?? null,
    createdById: byId,
    createdForId: forId,
    idempotencyKey: received.idempotencyKey,
    requestHash: received.requestHash,
    request,
    startsAt,
  };
}
