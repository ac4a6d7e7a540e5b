// A database role for the app that owns nothing, like the one that DATABASE_URL names in production.
import { randomBytes } from 'node:crypto';
import type { Database } from '../../src/db/knex.ts';

/** One role for each caller, since roles belong to the whole server. It has no privileges yet. */
export async function createAppRole(
  owner: Database,
  ownerUrl: string,
): Promise<{ role: string; url: string }> {
  const role = `app_${randomBytes(6).toString('hex')}`;
  await owner.raw(`create role ${role} login password 'of-the-tests'`);
  const url = new URL(ownerUrl);
  [url.username, url.password] = [role, 'of-the-tests'];
  return { role, url: url.href };
}
