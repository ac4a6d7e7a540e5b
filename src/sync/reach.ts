/** `ours`: Examdesk answers. `other`: something else does. `nothing`: nobody does, as far as this machine can tell. */
export type Reach = 'ours' | 'other' | 'nothing';

const patienceMs = 5_000;

/**
 * Asks the address that Acuity sends to. A GET finds nothing there, is stored nowhere, and is answered by Examdesk with
 * problem details. A machine that cannot reach its own public address says `nothing` though Acuity may reach it.
 */
export async function findPublicAddress(target: string): Promise<Reach> {
  try {
    const answer = await fetch(target, {
      headers: { accept: 'application/json' },
      redirect: 'manual',
      signal: AbortSignal.timeout(patienceMs),
    });
    await answer.body?.cancel();
    const isOurs = answer.headers.get('content-type')?.startsWith('application/problem+json') ?? false;
    return isOurs ? 'ours' : 'other';
  } catch {
    return 'nothing';
  }
}
