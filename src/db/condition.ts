// Facts about the database server, and which of our requirements it meets.
import type { Database } from './knex.ts';

/** The oldest PostgreSQL that the migrations are written for. */
export const oldestVersion = 15;
const neededExtensions = ['pg_trgm'];

export interface ServerFacts {
  major: number;
  /** As the server reports it: `16.3`. */
  version: string;
  /** The role that we are signed in as. */
  role: string;
  now: Date;
}

export async function serverFacts(db: Database): Promise<ServerFacts> {
  const { rows } = await db.raw<{ rows: { number: number; version: string; role: string; now: Date }[] }>(
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
            current_user as role, clock_timestamp() as now`,
  );
  const [found] = rows;
  if (!found) throw new Error('The database returned no row for its version and role');
  const { number, version, role, now } = found;
  return { major: Math.floor(number / 10_000), version: version.split(' ')[0] ?? version, role, now };
}

export async function missingExtensions(db: Database): Promise<string[]> {
  const there = (await db('pg_extension').pluck('extname')) as string[];
  return neededExtensions.filter((name) => !there.includes(name));
}
