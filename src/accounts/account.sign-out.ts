// Out is out: what a browser has of somebody's sessions ends together, the acting one with the admin's own behind it.
import type { RequestFacts } from '../audit/index.ts';
import type { Transaction } from '../db/knex.ts';
import type { AccountDeps } from './account.deps.ts';
import { forgetBehind, sessionBehind } from './account.way-back.ts';
import { joining } from './auth.pool.ts';
import { auditActor, type Viewer } from './viewer.ts';

/** @returns Set-Cookie lines */
export async function signOut(
  deps: AccountDeps,
  headers: Headers,
  viewer: Viewer | null,
  request: RequestFacts,
): Promise<string[]> {
  const behind = await sessionBehind(deps, headers);
  const response = await deps.db.transaction(async (trx) => {
    if (viewer?.actingAdmin) {
      const own = trx('sessions').where({ id: viewer.sessionId }).select('impersonator_session_id');
      await trx('sessions').whereIn('id', own).delete();
    }
    const answered = await joining(trx, () => deps.auth.api.signOut({ headers, asResponse: true }));
    if (viewer) {
      await deps.audit.record(trx, auditActor({ viewer, request }), {
        action: 'auth.signed_out',
        resourceType: 'session',
        resourceId: viewer.sessionId,
      });
    }
    await endOwn(trx, deps, [behind], request, 'signed_out_while_acting');
    return answered;
  });
  return [...response.headers.getSetCookie(), ...(await forgetBehind(deps, headers))];
}

/**
 * The session whose cookie a new one takes the place of, and the admin's own behind it: nobody could end them any more.
 * @returns Set-Cookie lines
 */
export async function endReplaced(
  deps: AccountDeps,
  headers: Headers,
  request: RequestFacts,
): Promise<string[]> {
  const replaced = headers.has('cookie') ? await deps.auth.api.getSession({ headers }) : null;
  const behind = await sessionBehind(deps, headers);
  await deps.db.transaction((trx) =>
    endOwn(trx, deps, [replaced?.session.id, behind], request, 'signed_in_again'),
  );
  return forgetBehind(deps, headers);
}

/** Of an acting session the admin's own, with which it goes. */
async function endOwn(
  trx: Transaction,
  { audit }: AccountDeps,
  ids: (string | null | undefined)[],
  request: RequestFacts,
  reason: string,
): Promise<void> {
  const named = ids.filter((id) => typeof id === 'string');
  if (named.length === 0) return;
  const behind = trx('sessions').whereIn('id', named).select('impersonator_session_id');
  const ended = (await trx('sessions')
    .where((either) => void either.whereIn('id', named).orWhereIn('id', behind))
    .whereNull('impersonated_by')
    .delete()
    .returning(['id', 'user_id'])) as { id: string; user_id: string }[];
  for (const { id, user_id } of ended) {
    await audit.record(
      trx,
      { actorId: user_id, actingAsId: null, request },
      { action: 'auth.signed_out', resourceType: 'session', resourceId: id, metadata: { reason } },
    );
  }
}
