// Errors that a client sees: RFC 9457 problem details, or a page with the same content.
import type { z } from 'zod';

export interface FieldProblem {
  path: string;
  message: string;
}

export const problemCodes = {
  bad_request: 400,
  not_signed_in: 401,
  bad_signature: 401,
  bad_credentials: 401,
  forbidden: 403,
  cross_site: 403,
  not_found: 404,
  method_not_allowed: 405,
  slot_taken: 409,
  stale_version: 409,
  idempotency_conflict: 409,
  invalid_transition: 409,
  already_cancelled: 409,
  document_unavailable: 409,
  too_large: 413,
  unsupported_type: 415,
  range_not_satisfiable: 416,
  invalid: 422,
  too_many_requests: 429,
  internal: 500,
  acuity_error: 502,
  acuity_unavailable: 503,
  storage_unavailable: 503,
  unavailable: 503,
} as const;
export type ProblemCode = keyof typeof problemCodes;

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
    this.status = problemCodes[code];
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
export const acuityUnavailable = (retryAfterMs: number): Problem =>
  new Problem(
    'acuity_unavailable',
    'We can’t reach the calendar right now. Nothing was booked. Try again shortly.',
    {
      headers: { 'Retry-After': retryAfterSeconds(retryAfterMs) },
    },
  );
export const tooManyRequests = (
  retryAfterMs: number,
  detail = 'Too many attempts. Wait a while, then try again.',
): Problem =>
  new Problem('too_many_requests', detail, { headers: { 'Retry-After': retryAfterSeconds(retryAfterMs) } });

function retryAfterSeconds(ms: number): string {
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
