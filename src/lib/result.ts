// Expected failures are values; broken expectations throw.
export type Ok<T> = { ok: true; value: T };
export type Failure<R extends { reason: string }> = { ok: false } & R;
export type Result<T, R extends { reason: string }> = Ok<T> | Failure<R>;

export function ok<T>(value: T): Ok<T> {
  return { ok: true, value };
}

export function failure<const R extends { reason: string }>(why: R): Failure<R> {
  return { ok: false, ...why };
}

/** What is wrong with one field of a form: `path` is its name, or a path into a list. */
export interface FieldError {
  path: string;
  message: string;
}

export type InvalidFields = { reason: 'invalid'; errors: FieldError[] };

export function invalidField(path: string, message: string): Failure<InvalidFields> {
  return failure({ reason: 'invalid', errors: [{ path, message }] });
}
