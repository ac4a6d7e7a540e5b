/**
 * The result of `work`, or of `otherwise` when `work` takes longer than `ms`; `otherwise` may throw. `work` itself goes
 * on.
 */
export async function withTimeout<T>(work: PromiseLike<T>, ms: number, otherwise: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  }).then(otherwise);
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
