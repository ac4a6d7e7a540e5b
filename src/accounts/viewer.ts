import type { AuditActor, RequestFacts } from '../audit/index.ts';

export type Role = 'referrer' | 'support' | 'admin';

/** The signed-in person, read from the database once a request. While acting, the referrer acted as. */
export interface Viewer {
  sessionId: string;
  userId: string;
  name: string;
  email: string;
  role: Role;
  /** A referrer's own organisation; null for staff. */
  organization: { id: string; name: string } | null;
  /** The admin at the keyboard while acting as this referrer. */
  actingAdmin: { id: string; name: string } | null;
}

/** Who asks, and with which request: what every verb of a room takes first. */
export interface Actor {
  viewer: Viewer;
  request: RequestFacts;
}

export function isStaff(viewer: Viewer): boolean {
  return viewer.role === 'support' || viewer.role === 'admin';
}

/** Users, organisations, invitations: an admin's own, never while acting as somebody. */
export function mayAdminister(viewer: Viewer): boolean {
  return viewer.role === 'admin' && !viewer.actingAdmin;
}

/** Attribution as the product's owner defined it: by = the referrer, for = the admin acting. */
export function attribution(viewer: Viewer): { byId: string; forId: string | null } {
  return { byId: viewer.userId, forId: viewer.actingAdmin?.id ?? null };
}

/** The audit log names the person at the keyboard first. */
export function auditActor({ viewer, request }: Actor): AuditActor {
  return viewer.actingAdmin
    ? { actorId: viewer.actingAdmin.id, actingAsId: viewer.userId, request }
    : { actorId: viewer.userId, actingAsId: null, request };
}
