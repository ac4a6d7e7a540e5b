// The demo's people once more, for one test, so that the tests of a file can share a database.
import { randomUUID } from 'node:crypto';
import type { Database } from '../../src/db/knex.ts';
import { insertPeople, type OwnOrganization, type OwnPerson } from './own-people.ts';

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
  await db.transaction(async (trx) => {
    await trx('organizations').insert(
      [harbour, northside].map(({ id, name }) => ({ id, name, slug: id, created_at: new Date() })),
    );
    await insertPeople(trx, [
      { ...ada, organizationId: null, role: 'admin', hasTwoFactor: true },
      ...[rita, rob, lena].map((person) => ({ ...person, organizationId: harbour.id })),
      { ...nadia, organizationId: northside.id },
    ]);
  });
  return { ada, rita, rob, lena, nadia, harbour, northside };
}
