import type { Queryable } from '../db/knex.ts';

export interface Member {
  id: string;
  name: string;
  email: string;
}

/** The referrers of an organisation who may sign in today, by name. Whoever was merged away is deactivated. */
export async function activeMembers(db: Queryable, organizationId: string): Promise<Member[]> {
  return (await db('members as m')
    .join('users as u', 'u.id', 'm.user_id')
    .where({ 'm.organization_id': organizationId, 'u.role': 'referrer', 'u.banned': false })
    .orderBy(['u.name', 'u.id'])
    .select('u.id', 'u.name', 'u.email')) as Member[];
}
