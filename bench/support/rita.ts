// The demo's referrer as the rooms see her, for benches that book.
import type { Actor } from '../../src/accounts/index.ts';
import type { Database } from '../../src/db/knex.ts';

export async function ritaOf(db: Database): Promise<Actor> {
  const row = await db('users as u')
    .join('members as m', 'm.user_id', 'u.id')
    .join('organizations as o', 'o.id', 'm.organization_id')
    .where('u.email', 'rita@harbour-legal.example')
    .first<Record<'id' | 'name' | 'email' | 'org_id' | 'org_name', string>>(
      'u.id',
      'u.name',
      'u.email',
      'o.id as org_id',
      'o.name as org_name',
    );
  if (!row) throw new Error('The demo has no Rita');
  return {
    viewer: {
      sessionId: '00000000-0000-7000-8000-000000000000',
      userId: row.id,
      name: row.name,
      email: row.email,
      role: 'referrer',
      organization: { id: row.org_id, name: row.org_name },
      actingAdmin: null,
    },
    request: { requestId: 'bench', ip: null, userAgent: null },
  };
}
