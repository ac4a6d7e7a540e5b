// "Why can't this person see this?": the real rules, asked one after the other until one refuses.
import { standingOf, type Standing, type Viewer } from '../accounts/index.ts';
import { findBooking, findBookingId, maySee, type Booking } from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';
import { findDocument, isReady, maySeeCategory, type Document } from '../documents/index.ts';

export interface Step {
  /** The rule, as one would say it aloud. */
  rule: string;
  holds: boolean;
  /** What was found. Ids, roles and names of organisations; nothing of the examinee, no file's name. */
  finding: string;
}

export interface Explanation {
  person: { id: string; name: string; email: string };
  isAllowed: boolean;
  /** The last one is the one that refuses, when one does. */
  steps: Step[];
}

export type Target =
  | { kind: 'booking'; key: string }
  | { kind: 'document'; key: string }
  /** `mayOpen` is the rule of the route; null when no route has this address. */
  | {
      kind: 'page';
      key: string;
      route: { pattern: string; mayOpen(viewer: Viewer): boolean; forWhom: string } | null;
    };

/** Null when there is no such person. */
export async function explainAccess(
  db: Queryable,
  personKey: string,
  target: Target,
): Promise<Explanation | null> {
  const standing = await standingOf(db, personKey);
  if (!standing) return null;
  const steps: Step[] = [];
  for await (const step of rulesFor(db, standing, target)) {
    steps.push(step);
    if (!step.holds) break;
  }
  return { person: standing.user, isAllowed: steps.every(({ holds }) => holds), steps };
}

async function* rulesFor(db: Queryable, standing: Standing, target: Target): AsyncGenerator<Step> {
  yield* personRules(standing);
  const { viewer } = standing;
  if (!viewer) return;
  if (target.kind === 'page') yield* pageRules(viewer, target);
  else if (target.kind === 'booking') yield* bookingRules(viewer, await bookingBy(db, target.key));
  else yield* documentRules(db, viewer, target.key);
}

function* personRules({ isBanned, role, viewer, user }: Standing): Generator<Step> {
  yield {
    rule: 'The account is active',
    holds: !isBanned,
    finding: isBanned ? `${user.name} is deactivated` : `${user.name} is active`,
  };
  yield { rule: 'The role is one we know', holds: viewer !== null, finding: `The role is ${role}` };
}

function* pageRules(viewer: Viewer, { key, route }: Extract<Target, { kind: 'page' }>): Generator<Step> {
  yield {
    rule: 'There is a page at this address',
    holds: route !== null,
    finding: route ? `It is ${route.pattern}` : `Nothing answers at ${key}`,
  };
  if (!route) return;
  yield {
    rule: `The page is for ${route.forWhom}`,
    holds: route.mayOpen(viewer),
    finding: `${viewer.name} is ${viewer.role}`,
  };
}

function* bookingRules(viewer: Viewer, booking: Booking | null): Generator<Step> {
  yield {
    rule: 'The booking exists',
    holds: booking !== null,
    finding: booking ? `It is ${booking.reference}` : 'There is no booking of this reference or id',
  };
  if (!booking) return;
  yield {
    rule: 'Staff see every booking; a referrer those of the own organisation, and those made by themselves',
    holds: maySee(viewer, booking),
    finding: ownershipOf(viewer, booking),
  };
}

function ownershipOf(viewer: Viewer, booking: Booking): string {
  if (viewer.role !== 'referrer') return `${viewer.name} is staff`;
  if (!booking.organization) return 'The booking waits to be assigned: until then only staff see it';
  const home = viewer.organization ? `is of ${viewer.organization.name}` : 'belongs to no organisation';
  const maker = booking.createdBy ? `${booking.createdBy.name} made it` : 'nobody here made it';
  return `${viewer.name} ${home}; the booking is of ${booking.organization.name}, and ${maker}`;
}

async function* documentRules(db: Queryable, viewer: Viewer, key: string): AsyncGenerator<Step> {
  const document: Document | null = uuid.test(key) ? await findDocument(db, key) : null;
  yield {
    rule: 'The document exists, and is not deleted',
    holds: document !== null,
    finding: document
      ? `It is a ${wordsOf(document.category)}`
      : 'There is no document of this id, or it is deleted',
  };
  if (!document) return;
  yield* bookingRules(viewer, await findBooking(db, document.bookingId));
  yield {
    rule: 'The role may see documents of this category',
    holds: maySeeCategory(viewer, document.category),
    finding: `${viewer.role}, ${wordsOf(document.category)}`,
  };
  yield {
    rule: 'The virus scan has passed it',
    holds: isReady(document),
    finding: `Its state is ${wordsOf(document.status)}`,
  };
}

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

async function bookingBy(db: Queryable, key: string): Promise<Booking | null> {
  const id = uuid.test(key) ? key : await findBookingId(db, key.toUpperCase());
  return id === null ? null : findBooking(db, id);
}

const wordsOf = (name: string): string => name.replaceAll('_', ' ');
