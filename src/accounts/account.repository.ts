import type { Queryable } from '../db/knex.ts';
import type { Role, Viewer } from './viewer.ts';

const roles: readonly string[] = ['referrer', 'support', 'admin'] satisfies Role[];

interface Row {
  user_id: string;
  name: string;
  email: string;
  role: string;
  banned: boolean;
  organization_id: string | null;
  organization_name: string | null;
  admin_id: string | null;
  admin_name: string | null;
  admin_role: string | null;
  admin_banned: boolean | null;
}

/**
 * Whom a session speaks for, as the database has it now; null when that person (or the admin acting as them)
 * may not work any more. Roles are derived here, once a request, and an unknown role gets nothing.
 */
export async function viewerOfSession(db: Queryable, sessionId: string): Promise<Viewer | null> {
  const row = (await db('sessions as s')
    .join('users as u', 'u.id', 's.user_id')
    .leftJoin('members as m', 'm.user_id', 'u.id')
    .leftJoin('organizations as o', 'o.id', 'm.organization_id')
    .leftJoin('users as a', 'a.id', 's.impersonated_by')
    .where('s.id', sessionId)
    .first({
      user_id: 'u.id',
      name: 'u.name',
      email: 'u.email',
      role: 'u.role',
      banned: 'u.banned',
      organization_id: 'o.id',
      organization_name: 'o.name',
      admin_id: 'a.id',
      admin_name: 'a.name',
      admin_role: 'a.role',
      admin_banned: 'a.banned',
    })) as Row | undefined;
  if (!row || row.banned || !isRole(row.role)) return null;
  if (row.admin_id && (row.admin_banned || row.admin_role !== 'admin')) return null;
  return {
    sessionId,
    userId: row.user_id,
    name: row.name,
    email: row.email,
    role: row.role,
    organization:
      row.role === 'referrer' && row.organization_id && row.organization_name
        ? { id: row.organization_id, name: row.organization_name }
        : null,
    actingAdmin: row.admin_id && row.admin_name ? { id: row.admin_id, name: row.admin_name } : null,
  };
}

function isRole(role: string): role is Role {
  return roles.includes(role);
}
