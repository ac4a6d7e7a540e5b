// Makes sessions without a password, for tests that are not about signing in.
import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';
import { auditLog } from '../../src/audit/index.ts';
import type { Database } from '../../src/db/knex.ts';

/** The same in every process of a run; the tests' production configuration uses it too. */
export const testSecret = createHash('sha256')
  .update('The secret that tests sign sessions with')
  .digest('base64');

export interface SessionCookie {
  name: string;
  value: string;
}

const halfDayMs = 12 * 60 * 60 * 1_000;

/**
 * Writes what a sign-in writes (session, audit row), and returns its cookie, signed as better-auth does.
 * `accounts.test.ts` checks that it equals a real one.
 * @throws Error when nobody with this address may sign in
 */
export async function mintSession(
  db: Database,
  email: string,
  request: { ip: string | null; userAgent: string | null } = { ip: '127.0.0.1', userAgent: null },
): Promise<SessionCookie> {
  const token = randomBytes(24).toString('base64url');
  await db.transaction(async (trx) => {
    const user = await trx('users').where({ email, banned: false }).first('id');
    if (!user) throw new Error(`Nobody with the address ${email} may sign in`);
    const now = new Date();
    await trx('sessions').insert({
      token,
      user_id: user.id,
      expires_at: new Date(now.getTime() + halfDayMs),
      created_at: now,
      updated_at: now,
      ip_address: request.ip ?? '',
      user_agent: request.userAgent ?? '',
    });
    await auditLog.record(
      trx,
      { actorId: user.id, actingAsId: null, request: { requestId: randomUUID(), ...request } },
      { action: 'auth.signed_in', resourceType: 'user', resourceId: user.id },
    );
  });
  const signature = createHmac('sha256', testSecret).update(token).digest('base64');
  return { name: 'examdesk.session_token', value: encodeURIComponent(`${token}.${signature}`) };
}
