// People and organisations of one test, so that the tests of a file can share a database.
import { randomUUID } from 'node:crypto';
import type { Database } from '../../src/db/knex.ts';

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
  const name = `Robin ${id.slice(0, 8)}`;
  const email = `${id}@own.example`;
  const rita = (await db('users as u')
    .join('accounts as a', 'a.user_id', 'u.id')
    .join('members as m', 'm.user_id', 'u.id')
    .where({ 'u.email': 'rita@harbour-legal.example' })
    .first('a.password', 'm.organization_id')) as { password: string; organization_id: string } | undefined;
  if (!rita) throw new Error('The demo has no Rita');
  const now = new Date();
  await db('users').insert({ id, name, email, email_verified: true, role: 'referrer' });
  await db('members').insert({
    user_id: id,
    organization_id: organizationId ?? rita.organization_id,
    role: 'member',
    created_at: now,
  });
  await db('accounts').insert({
    account_id: id,
    provider_id: 'credential',
    user_id: id,
    password: rita.password,
    updated_at: now,
  });
  return { id, name, email };
}
