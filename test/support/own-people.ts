// People and organisations of one test, so that the tests of a file can share a database.
import { randomUUID } from 'node:crypto';
import type { Role } from '../../src/accounts/index.ts';
import type { Database, Queryable } from '../../src/db/knex.ts';

export interface OwnOrganization {
  id: string;
  name: string;
}

export interface OwnPerson {
  id: string;
  name: string;
  email: string;
}

/** @param name what its name begins with */
export async function anOrganization(db: Database, name = 'Own Firm'): Promise<OwnOrganization> {
  const id = randomUUID();
  const own = `${name} ${id.slice(0, 8)}`;
  await db('organizations').insert({ id, name: own, slug: id, created_at: new Date() });
  return { id, name: own };
}

/**
 * A referrer with the password of the demo's people.
 * @param organizationId default: Harbour Legal, where Rita and Rob are
 */
export async function aReferrer(db: Database, organizationId?: string): Promise<OwnPerson> {
  const id = randomUUID();
  const person = { id, name: `Robin ${id.slice(0, 8)}`, email: `${id}@own.example` };
  await insertPeople(db, [{ ...person, organizationId: organizationId ?? (await rita(db)).organization_id }]);
  return person;
}

/** Referrers, unless they say otherwise, with the password of the demo's people. */
export async function insertPeople(
  db: Queryable,
  people: (OwnPerson & { organizationId: string | null; role?: Role; hasTwoFactor?: boolean })[],
): Promise<void> {
  const { password } = await rita(db);
  const now = new Date();
  await db('users').insert(
    people.map(({ id, name, email, role = 'referrer', hasTwoFactor = false }) => ({
      id,
      name,
      email,
      email_verified: true,
      role,
      two_factor_enabled: hasTwoFactor,
    })),
  );
  await db('accounts').insert(
    people.map(({ id }) => ({
      account_id: id,
      provider_id: 'credential',
      user_id: id,
      password,
      updated_at: now,
    })),
  );
  const members = people.flatMap(({ id, organizationId }) =>
    organizationId === null
      ? []
      : [{ user_id: id, organization_id: organizationId, role: 'member' as const, created_at: now }],
  );
  if (members.length > 0) await db('members').insert(members);
}

async function rita(db: Queryable): Promise<{ password: string; organization_id: string }> {
  const row = (await db('users as u')
    .join('accounts as a', 'a.user_id', 'u.id')
    .join('members as m', 'm.user_id', 'u.id')
    .where({ 'u.email': 'rita@harbour-legal.example' })
    .first('a.password', 'm.organization_id')) as { password: string; organization_id: string } | undefined;
  if (!row) throw new Error('The demo has no Rita');
  return row;
}
