// The rules about records. Each asks what the rooms themselves ask before they hand a record out.
import type { Viewer } from '../accounts/index.ts';
import { findAttempt, maySeeAttempt } from '../attempts/index.ts';
import { findBooking, findBookingId, maySee, type Booking, type BookingDrafts } from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';
import {
  findDocument,
  isDraft,
  isReady,
  mayDelete,
  mayRelease,
  maySeeCategory,
  maySeeDocument,
  type Document,
} from '../documents/index.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Rules, Step } from './explanation.ts';

/** @param key its id, or its reference */
export function bookingRules(db: Queryable, key: string): Rules {
  return async function* (viewer) {
    const id = isUuid(key) ? key : await findBookingId(db, key.toUpperCase());
    yield* rulesOfBooking(viewer, id === null ? null : await findBooking(db, id));
  };
}

/** In an address a booking stands by its id alone. */
export function bookingPageRules(db: Queryable, id: string): Rules {
  return isUuid(id) ? bookingRules(db, id) : (viewer) => inTurn(rulesOfBooking(viewer, null));
}

/** `open`: its bytes; `see`: that it is there, and what is said of it; `release`: also to recall it. */
export type DocumentVerb = 'open' | 'see' | 'delete' | 'release';

export function documentRules(db: Queryable, id: string, verb: DocumentVerb): Rules {
  return async function* (viewer) {
    const document = isUuid(id) ? await findDocument(db, id) : null;
    yield {
      rule: 'The document exists, and is not deleted',
      holds: document !== null,
      finding: document
        ? `It is a ${wordsOf(document.category)}`
        : 'There is no document of this id, or it is deleted',
    };
    if (!document) return;
    yield* rulesOfBooking(viewer, await findBooking(db, document.bookingId));
    yield {
      rule: 'The role may see documents of this category',
      holds: maySeeCategory(viewer, document.category),
      finding: `${viewer.role}, ${wordsOf(document.category)}`,
    };
    if (document.category === 'report')
      yield {
        rule: 'Referrers see a report once staff have released it',
        holds: maySeeDocument(viewer, document),
        finding: releaseOf(document),
      };
    if (verb === 'release') yield* releaseRules(viewer, document);
    if (verb === 'open') {
      yield {
        rule: 'The virus scan has passed it',
        holds: isReady({ ...document, damagedAt: null }),
        finding: `Its state is ${wordsOf(document.status)}`,
      };
      yield {
        rule: 'Its bytes are those that were received',
        holds: document.damagedAt === null,
        finding: document.damagedAt ? 'They were found to be others' : 'Nobody has found otherwise',
      };
    }
    if (verb === 'delete')
      yield {
        rule: 'Admins delete documents; a referrer those uploaded by themselves, of the kinds they upload',
        holds: mayDelete(viewer, document),
        finding: `${viewer.name} is ${viewer.role}; ${document.uploadedBy.name} uploaded it`,
      };
  };
}

function* releaseRules(viewer: Viewer, document: Document): Generator<Step> {
  yield {
    rule: 'Only reports are released',
    holds: document.category === 'report',
    finding: `It is a ${wordsOf(document.category)}`,
  };
  yield {
    rule: 'Staff release reports',
    holds: mayRelease(viewer),
    finding: `${viewer.name} is ${viewer.role}`,
  };
}

function releaseOf(document: Document): string {
  return isDraft(document) ? 'It is not released yet, or was recalled' : 'It is released';
}

export function draftRules(drafts: Pick<BookingDrafts, 'find'>, id: string): Rules {
  return async function* (viewer) {
    const draft = await drafts.find(viewer, id);
    yield {
      rule: 'An unfinished booking is for the person who began it, in the organisation they began it in, for an hour',
      holds: draft !== null,
      finding: draft
        ? `${viewer.name} began it`
        : `${viewer.name} has none at this address: it is somebody else’s, of an organisation they have left, or too old`,
    };
  };
}

/** Of a booking or a change whose answer from Acuity was lost. */
export function attemptRules(db: Queryable, id: string): Rules {
  return async function* (viewer) {
    const attempt = isUuid(id) ? await findAttempt(db, id) : null;
    yield {
      rule: 'The attempt exists',
      holds: attempt !== null,
      finding: attempt ? `It is ${attempt.reference}` : 'There is no attempt of this id',
    };
    if (!attempt) return;
    yield {
      rule: 'Staff see every attempt; a referrer those of the own organisation',
      holds: await maySeeAttempt(db, viewer, attempt),
      finding: `${viewer.name} ${homeOf(viewer)}`,
    };
  };
}

function* rulesOfBooking(viewer: Viewer, booking: Booking | null): Generator<Step> {
  yield {
    rule: 'The booking exists',
    holds: booking !== null,
    finding: booking ? `It is ${booking.reference}` : 'There is no booking of this reference or id',
  };
  if (!booking) return;
  yield {
    rule: 'Staff see every booking; a referrer those of the own organisation',
    holds: maySee(viewer, booking),
    finding: ownershipOf(viewer, booking),
  };
}

function ownershipOf(viewer: Viewer, booking: Booking): string {
  if (viewer.role !== 'referrer') return `${viewer.name} is staff`;
  if (!booking.organization) return 'The booking waits to be assigned: until then only staff see it';
  const hasLeft = booking.createdBy?.id === viewer.userId && !maySee(viewer, booking);
  const note = hasLeft ? '. Having made it grants no access after a change of organisation' : '';
  return `${viewer.name} ${homeOf(viewer)}; the booking is of ${booking.organization.name}${note}`;
}

function homeOf({ role, organization }: Viewer): string {
  if (role !== 'referrer') return 'is staff';
  return organization ? `is of ${organization.name}` : 'belongs to no organisation';
}

async function* inTurn(steps: Iterable<Step>): AsyncGenerator<Step> {
  yield* steps;
}

const wordsOf = (name: string): string => name.replaceAll('_', ' ');
