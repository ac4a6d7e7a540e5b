/**
 * Repeats `work` until a batch is not full.
 * @param work returns how many it found, `size` at most
 * @returns how many it found in all
 */
export async function inBatches(size: number, work: () => Promise<number>): Promise<number> {
  for (let all = 0; ; ) {
    const found = await work();
    all += found;
    if (found < size) return all;
  }
}
