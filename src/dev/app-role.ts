// The role that the app signs in as on the demo's and the tests' PostgreSQL. It owns nothing, like the role of
// DATABASE_URL in production; migrate() grants its privileges.
import { randomBytes } from 'node:crypto';
import pg from 'pg';

export const appRole = 'examdesk_app';

/**
 * Creates the role when it is missing, as in the data of an earlier version.
 * @param password unset: a new one at each call, so that none has to be stored
 * @returns the database's URL for the role
 */
export async function openAppRole(
  ownerUrl: string,
  password = randomBytes(24).toString('hex'),
): Promise<string> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    const { rows } = await client.query('select from pg_roles where rolname = $1', [appRole]);
    const verb = rows.length > 0 ? 'alter' : 'create';
    await client.query(`${verb} role ${appRole} login password ${client.escapeLiteral(password)}`);
  } finally {
    await client.end();
  }
  return appUrlOf(ownerUrl, password);
}

export function appUrlOf(ownerUrl: string, password: string): string {
  return Object.assign(new URL(ownerUrl), { username: appRole, password }).href;
}
