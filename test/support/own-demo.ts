// The demo's people once more, for one test, so that the tests of a file can share a database.
import { randomUUID } from 'node:crypto';
import type { Database } from '../../src/db/knex.ts';
import type { OwnOrganization, OwnPerson } from './own-people.ts';

export interface OwnDemo {
  /** Has a second step, which only the demo's own staff may do without. */
  ada: OwnPerson;
  /** With Rob and Lena referrers of `harbour`. */
  rita: OwnPerson;
  rob: OwnPerson;
  /** Not in the demo itself. */
  lena: OwnPerson;
  /** The only referrer of `northside`. */
  nadia: OwnPerson;
  harbour: OwnOrganization;
  northside: OwnOrganization;
}

let copies = 0;

/** Names and password are the demo's; addresses and the organisations' names end in a number. */
export async function copyDemo(db: Database): Promise<OwnDemo> {
  copies += 1;
  const n = copies;
  const personOf = (name: string): OwnPerson => ({
    id: randomUUID(),
    name,
    email: `${name.split(' ')[0]?.toLowerCase()}-${n}@own.example`,
  });
  const harbour = { id: randomUUID(), name: `Harbour Legal ${n}` };
  const northside = { id: randomUUID(), name: `Northside Claims ${n}` };
  const ada = personOf('Ada Lindqvist');
  const rita = personOf('Rita Alvarez');
  const rob = personOf('Rob Petersen');
  const lena = personOf('Lena Ward');
  const nadia = personOf('Nadia Karim');
  const now = new Date();
  const member = ({ id }: OwnPerson, organization: OwnOrganization) => ({
    user_id: id,
    organization_id: organization.id,
    role: 'member' as const,
    created_at: now,
  });
  await db.transaction(async (trx) => {
    const known = (await trx('accounts as a')
      .join('users as u', 'u.id', 'a.user_id')
      .where({ 'u.email': 'rita@harbour-legal.example' })
      .first('a.password')) as { password: string } | undefined;
    if (!known) throw new Error('The demo has no Rita');
    await trx('organizations').insert(
      [harbour, northside].map(({ id, name }) => ({ id, name, slug: id, created_at: now })),
    );
    const people = [ada, rita, rob, lena, nadia];
    await trx('users').insert(
      people.map((person) => ({
        ...person,
        email_verified: true,
        role: person === ada ? ('admin' as const) : ('referrer' as const),
        two_factor_enabled: person === ada,
      })),
    );
    await trx('accounts').insert(
      people.map(({ id }) => ({
        account_id: id,
        provider_id: 'credential',
        user_id: id,
        password: known.password,
        updated_at: now,
      })),
    );
    await trx('members').insert([
      ...[rita, rob, lena].map((person) => member(person, harbour)),
      member(nadia, northside),
    ]);
  });
  return { ada, rita, rob, lena, nadia, harbour, northside };
}
