// The rules about records; they are defined by the rooms that own the records.
import { affiliationOf, askRules, type Viewer } from '../accounts/index.ts';
import { findAttempt, maySeeAttempt } from '../attempts/index.ts';
import {
  draftHours,
  findBooking,
  findBookingId,
  seeBookingRules,
  type Booking,
  type BookingDrafts,
} from '../bookings/index.ts';
import type { Queryable } from '../db/knex.ts';
import {
  changeCategoryRules,
  deleteRules,
  findDocument,
  readDocumentRules,
  releaseRules,
  seeDocumentRules,
} from '../documents/index.ts';
import { tidyLine } from '../lib/typed-text.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Rules, Step } from './explanation.ts';

/** @param key its id, or its reference */
export function bookingRules(db: Queryable, key: string): Rules {
  return async function* (viewer) {
    const id = isUuid(key) ? key : await findBookingId(db, tidyLine(key).toUpperCase());
    yield* rulesOfBooking(viewer, id === null ? null : await findBooking(db, id));
  };
}

/** URLs name bookings by id only. */
export function bookingPageRules(db: Queryable, id: string): Rules {
  return isUuid(id) ? bookingRules(db, id) : (viewer) => inTurn(rulesOfBooking(viewer, null));
}

/** `open`: its bytes; `see`: that it exists, and its details; `release`: also recalling it. */
export type DocumentVerb = 'open' | 'see' | 'changeCategory' | 'delete' | 'release';

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
    yield* askRules(seeDocumentRules, viewer, document);
    if (verb === 'release') yield* askRules(releaseRules, viewer, document);
    if (verb === 'open') yield* askRules(readDocumentRules, viewer, document);
    if (verb === 'changeCategory') yield* askRules(changeCategoryRules, viewer, document);
    if (verb === 'delete') yield* askRules(deleteRules, viewer, document);
  };
}

export function draftRules(drafts: Pick<BookingDrafts, 'find'>, id: string): Rules {
  return async function* (viewer) {
    const draft = await drafts.find(viewer, id);
    yield {
      rule: `An unfinished booking is for the person who began it, in the organisation they began it in, for ${draftHours} hours after its last step`,
      holds: draft !== null,
      finding: draft
        ? `${viewer.name} began it`
        : `${viewer.name} has none at this address: it is somebody else’s, of an organisation they have left, or too old`,
    };
  };
}

/** The page of an attempt whose answer from Acuity was lost. */
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
      finding: `${viewer.name} ${affiliationOf(viewer)}`,
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
  yield* askRules(seeBookingRules, viewer, booking);
}

async function* inTurn(steps: Iterable<Step>): AsyncGenerator<Step> {
  yield* steps;
}

const wordsOf = (name: string): string => name.replaceAll('_', ' ');
