import type { AuditActor, RequestFacts } from '../audit/index.ts';

export const roles = ['referrer', 'support', 'admin'] as const;

export type Role = (typeof roles)[number];

/** As shown on pages. */
export const roleNames: Record<Role, string> = {
  referrer: 'Referrer',
  support: 'Support',
  admin: 'Administrator',
};

export function isRole(role: string): role is Role {
  return (roles as readonly string[]).includes(role);
}

/** The signed-in person, read from the database once a request; while acting, the referrer. */
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

/** The organisation of a viewer. Staff have none, whatever their row says. */
export function organizationOf(row: {
  role: string;
  organization_id: string | null;
  organization_name: string | null;
}): Viewer['organization'] {
  const { role, organization_id: id, organization_name: name } = row;
  return role === 'referrer' && id && name ? { id, name } : null;
}

/** The viewer and their request: who does something, for the audit log. */
export interface Actor {
  viewer: Viewer;
  request: RequestFacts;
}

export function isStaff(viewer: Pick<Viewer, 'role'>): boolean {
  return viewer.role === 'support' || viewer.role === 'admin';
}

/** Manage people, organisations and invitations: admins, never while acting. */
export function mayAdminister(viewer: Viewer): boolean {
  return viewer.role === 'admin' && !viewer.actingAdmin;
}

/** As the contract defines it: by = the referrer, for = the acting admin. */
export function attribution(viewer: Viewer): { byId: string; forId: string | null } {
  return { byId: viewer.userId, forId: viewer.actingAdmin?.id ?? null };
}

/** The actor is the person at the keyboard: while acting, the admin. */
export function auditActor({ viewer, request }: Actor): AuditActor {
  return viewer.actingAdmin
    ? { actorId: viewer.actingAdmin.id, actingAsId: viewer.userId, request }
    : { actorId: viewer.userId, actingAsId: null, request };
}

/** The demo's people (seeds/demo.ts). Their password is public: no second factor, and no sign-in in production. */
const demoEmails: ReadonlySet<string> = new Set([
  'rita@harbour-legal.example',
  'rob@harbour-legal.example',
  'nadia@northside-claims.example',
  'sam@examdesk.example',
  'ada@examdesk.example',
]);

export function isDemoAccount(email: string): boolean {
  return demoEmails.has(email.toLowerCase());
}

/** A database that was a demo once still has these accounts, their public passwords and their sessions. */
export function isRefusedDemo(
  { allowsDemoAccounts }: { allowsDemoAccounts: boolean },
  email: string,
): boolean {
  return !allowsDemoAccounts && isDemoAccount(email);
}

/**
 * Staff need a second step; referrers need it when their organisation requires it; the demo's people do not. The person at
 * the keyboard counts: an admin who acts as a referrer has used their own.
 */
export function needsTwoFactor(viewer: Viewer, organization: { requiresTwoFactor: boolean }): boolean {
  if (isStaff(viewer)) return !isDemoAccount(viewer.email);
  return organization.requiresTwoFactor && !viewer.actingAdmin;
}

/** Referrers who do not need a second step are asked whether they want one when they sign in; the demo's people are not. */
export function mayBeOfferedTwoFactor({ role, email }: { role: string; email: string }): boolean {
  return role === 'referrer' && !isDemoAccount(email);
}
