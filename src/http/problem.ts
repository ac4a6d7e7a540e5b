// Errors that a client sees: RFC 9457 problem details, or a page with the same content.
import type { Response } from 'express';
import type { z } from 'zod';
import { paths } from './paths.ts';

export interface FieldProblem {
  path: string;
  message: string;
}

/** Every code: clients rely on them, so they never change. The page /problems shows the table. */
export const problemCodes = {
  bad_request: {
    status: 400,
    title: 'That request could not be read',
    means:
      'The address or the body is not what it says it is, such as JSON that is cut off. Correct the request.',
  },
  not_signed_in: {
    status: 401,
    title: 'Sign in first',
    means: 'There is no session, or it has ended. Sign in, then send the request again.',
  },
  bad_signature: {
    status: 401,
    title: 'The signature is wrong',
    means:
      'A webhook is not signed with a secret that we know, or was signed more than five minutes ago. Check the secret and the clock, and send the very bytes that were signed.',
  },
  bad_credentials: {
    status: 401,
    title: 'The sign-in failed',
    means: 'The address, the password or the code is wrong.',
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    means: 'You are signed in, but your role does not allow this, or something has to be set up first.',
  },
  cross_site: {
    status: 403,
    title: 'Not allowed',
    means:
      'A request that changes something came from another site. Programs send an Origin header with the address of this server.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    means: 'There is nothing at this address, or it is not yours to see.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Not allowed here',
    means: 'The address exists, but not for this method. The header Allow names those it has.',
  },
  slot_taken: {
    status: 409,
    title: 'This is no longer possible',
    means: 'Somebody else has booked the time. The answer names the nearest free ones.',
  },
  stale_version: {
    status: 409,
    title: 'This is no longer possible',
    means: 'It was changed since you read it. Read it again, then decide.',
  },
  idempotency_conflict: {
    status: 409,
    title: 'This is no longer possible',
    means: 'The Idempotency-Key was used for another request. Use a new key for each booking.',
  },
  invalid_transition: {
    status: 409,
    title: 'This is no longer possible',
    means: 'What was asked for does not follow from the present state, such as moving a cancelled booking.',
  },
  already_cancelled: {
    status: 409,
    title: 'This is no longer possible',
    means: 'The booking is cancelled already. Make a new one.',
  },
  document_unavailable: {
    status: 409,
    title: 'This is no longer possible',
    means: 'The document is damaged, infected or not checked yet.',
  },
  too_large: {
    status: 413,
    title: 'Too large',
    means: 'The body or the file is larger than is accepted here.',
  },
  unsupported_type: {
    status: 415,
    title: 'Type not accepted',
    means: 'The content type of the request, or the kind of the file, is not accepted here.',
  },
  range_not_satisfiable: {
    status: 416,
    title: 'The requested range does not exist',
    means: 'The document is shorter than the range that was asked for.',
  },
  invalid: {
    status: 422,
    title: 'Some answers need to be changed',
    means:
      'The request can be read, but some values cannot be accepted. The member errors names each, with its path.',
  },
  too_many_requests: {
    status: 429,
    title: 'Too many attempts',
    means: 'Wait for as many seconds as the header Retry-After says.',
  },
  internal: {
    status: 500,
    title: 'Something went wrong on our side',
    means: 'Tell us the member requestId if it happens again.',
  },
  acuity_error: {
    status: 502,
    title: 'The calendar gave an answer we do not understand',
    means: 'Nothing was booked or changed. Try again; if it happens again, tell us the member requestId.',
  },
  acuity_unavailable: {
    status: 503,
    title: 'Temporarily unavailable',
    means: 'The calendar cannot be reached. Nothing was booked or changed. Try again after Retry-After.',
  },
  acuity_queue_full: {
    status: 503,
    title: 'Very busy right now',
    means:
      'The calendar works, but more requests wait for it than it takes. Nothing was booked or changed. Try again after Retry-After.',
  },
  storage_unavailable: {
    status: 503,
    title: 'Temporarily unavailable',
    means: 'The store of documents cannot be reached. Try again after Retry-After.',
  },
  unavailable: {
    status: 503,
    title: 'Temporarily unavailable',
    means: 'A part of the system cannot be reached. Try again after Retry-After.',
  },
} as const;
export type ProblemCode = keyof typeof problemCodes;

/** The address of a page that explains the code. */
export function problemType(res: Response, code: ProblemCode | 'outcome_pending'): string {
  return new URL(paths.problems(code), String(res.app.locals.baseUrl)).href;
}

export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly status: number;
  /** Says what to do. Never contains health information. */
  readonly detail: string;
  readonly errors: FieldProblem[] | undefined;
  readonly headers: Record<string, string>;
  /** Further members of the problem document. */
  readonly extra: Record<string, unknown>;

  constructor(
    code: ProblemCode,
    detail: string,
    more: { errors?: FieldProblem[]; headers?: Record<string, string>; extra?: Record<string, unknown> } = {},
  ) {
    super(`${code}: ${detail}`);
    this.code = code;
    this.status = problemCodes[code].status;
    this.detail = detail;
    this.errors = more.errors;
    this.headers = more.headers ?? {};
    this.extra = more.extra ?? {};
  }
}

export const badRequest = (detail: string): Problem => new Problem('bad_request', detail);
/** @param why `isKept`: what was sent is kept for the next sign-in (middleware/kept-forms.ts) */
export const notSignedIn = (why: { hasSessionEnded?: boolean; isKept?: boolean } = {}): Problem =>
  new Problem(
    'not_signed_in',
    why.hasSessionEnded ? 'The session has ended. Sign in again.' : 'Sign in first.',
    { extra: why.isKept ? { isKept: true } : {} },
  );
export const forbidden = (detail = 'Your role does not allow this.'): Problem =>
  new Problem('forbidden', detail);
export const notFound = (detail = 'There is nothing here that you can see.'): Problem =>
  new Problem('not_found', detail);
export const invalid = (errors: FieldProblem[], detail = 'Some answers need to be changed.'): Problem =>
  new Problem('invalid', detail, { errors });
export const conflict = (
  code: 'slot_taken' | 'stale_version' | 'idempotency_conflict' | 'invalid_transition' | 'already_cancelled',
  detail: string,
  extra: Record<string, unknown> = {},
  errors?: FieldProblem[],
): Problem => new Problem(code, detail, errors ? { extra, errors } : { extra });
export const acuityError = (): Problem =>
  new Problem(
    'acuity_error',
    'The calendar gave an answer we do not understand. Nothing was booked. Try again.',
  );
export const acuityQueueFull = (retryAfterMs: number): Problem =>
  new Problem(
    'acuity_queue_full',
    'Too many requests wait for the calendar right now. Nothing was booked or changed. Try again shortly.',
    { headers: { 'Retry-After': retryAfterSeconds(retryAfterMs) } },
  );
export const acuityUnavailable = (retryAfterMs: number): Problem =>
  new Problem(
    'acuity_unavailable',
    'We can’t reach the calendar right now. Nothing was booked. Try again shortly.',
    {
      headers: { 'Retry-After': retryAfterSeconds(retryAfterMs) },
    },
  );
/** Programs get the same code, because they should try again later as well. */
export const acuityRefusesUs = (retryAfterMs: number): Problem =>
  new Problem(
    'acuity_unavailable',
    'The calendar does not let us in right now, and staff have to mend that. Nothing was booked or changed. Try again later.',
    { headers: { 'Retry-After': retryAfterSeconds(retryAfterMs) } },
  );
export const tooManyRequests = (
  retryAfterMs: number,
  detail = 'Too many attempts. Wait a while, then try again.',
): Problem =>
  new Problem('too_many_requests', detail, { headers: { 'Retry-After': retryAfterSeconds(retryAfterMs) } });

/** For the header Retry-After: seconds, one at least. */
export function retryAfterSeconds(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1000)));
}

/**
 * The parsed value, or a 422 that names each invalid field.
 * @throws Problem `invalid`
 */
export function parse<S extends z.ZodType>(
  schema: S,
  value: unknown,
  options: { path?: string } = {},
): z.output<S> {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  throw invalid(
    parsed.error.issues.map((issue) => ({
      path: [...(options.path ? [options.path] : []), ...issue.path.map(String)].join('.'),
      message: issue.message,
    })),
  );
}
