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
