/** Acuity's error envelope: three keys, `error` is the stable code (acuity.md, section 3). */
export class AcuityError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }

  envelope(): { status_code: number; message: string; error: string } {
    return { status_code: this.status, message: this.message, error: this.code };
  }
}

export const refuse = (code: string, message: string): AcuityError => new AcuityError(400, code, message);
export const unauthorized = (): AcuityError => new AcuityError(401, 'unauthorized', 'Unauthorized');
export const notFound = (pattern?: string): AcuityError =>
  new AcuityError(404, 'not_found', pattern ? `Not Found. Did you mean \`${pattern}\`?` : 'Not Found.');
export const methodNotAllowed = (): AcuityError =>
  new AcuityError(405, 'method_not_allowed', 'Method Not Allowed');
export const forbidden = (): AcuityError => new AcuityError(403, 'forbidden', 'Forbidden');
export const tooMany = (): AcuityError =>
  new AcuityError(
    429,
    'too_many_requests',
    'Rate limit reached. Limit 10req/s and 20 concurrent connections.',
  );

/** The error that Acuity answers with a status when nothing more specific is known. */
export function genericError(status: number): AcuityError {
  const known = [unauthorized(), forbidden(), notFound(), methodNotAllowed(), tooMany()];
  const found = known.find((error) => error.status === status);
  if (found) return found;
  return status < 500
    ? new AcuityError(status, 'bad_request', 'Bad Request')
    : new AcuityError(status, 'internal_server_error', 'An internal error occurred.');
}
