/** `ours`: Examdesk answers. `other`: something else does. `nothing`: no answer, seen from this machine. */
export type Reach = 'ours' | 'other' | 'nothing';

const patienceMs = 5_000;

/**
 * Requests the address that Acuity sends to. A GET is stored nowhere, and Examdesk answers it with problem details. A
 * machine that cannot reach its own public address reports `nothing` although Acuity may reach it.
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
