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
export const tooMany = (): AcuityError =>
  new AcuityError(
    429,
    'too_many_requests',
    'Rate limit reached. Limit 10req/s and 20 concurrent connections.',
  );
