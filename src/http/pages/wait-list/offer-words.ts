// Offers and entries of the wait-list in words.
import { dayIn, shortZone, zoneName, zonePlaceName } from '../../../lib/dates.ts';
import type { WaitEntry, WaitOffer } from '../../../waiting/index.ts';
import { paths } from '../../paths.ts';
import { typeWords } from '../../view-helpers.ts';
import { withQuery } from '../links.ts';
import { clockAndZone, clockTime, readerTime, shortDay, timeAndDay } from '../when.ts';

/** The data of views/partials/wait-offers.ejs. */
export interface OfferWords {
  id: string;
  startsAt: string;
  day: string;
  time: string;
  zoneName: string;
  reader: string | null;
  specialistName: string;
  kind: string;
  /** When the hold ends: `7:10 pm AEDT`. */
  until: string;
  /** Null: before booking. */
  booking: { reference: string; href: string; examinee: string; now: string; seen: string } | null;
}

export function offerWords(offer: WaitOffer, readerZone: string | null): OfferWords {
  const { id, startsAt, durationMinutes, type, specialist, booking, expiresAt } = offer;
  const zone = specialist.timezone;
  return {
    id,
    startsAt: startsAt.toISOString(),
    day: shortDay(startsAt, zone),
    time: clockTime(startsAt, zone),
    zoneName: zoneName(zone, startsAt),
    reader: readerTime(startsAt, zone, readerZone),
    specialistName: specialist.name,
    kind: `${typeWords[type]}, ${durationMinutes} minutes`,
    until: clockAndZone(expiresAt, readerZone ?? zone),
    booking: booking && {
      reference: booking.reference,
      href: paths.booking(booking.id),
      examinee: booking.examinee,
      now: timeAndDay(booking.startsAt, zone),
      seen: booking.startsAt.toISOString(),
    },
  };
}

/** An offer whose hold is over. */
export interface MissedWords {
  time: string;
  specialistName: string;
  until: string;
  /** The page on which the time can be booked if nobody has taken it. */
  href: string;
  booking: string | null;
}

export function missedWords(offer: WaitOffer, readerZone: string | null): MissedWords {
  const { startsAt, type, specialist, booking, expiresAt } = offer;
  const zone = specialist.timezone;
  const day = dayIn(startsAt, zone);
  return {
    time: `${timeAndDay(startsAt, zone)} (${zonePlaceName(zone)}, ${shortZone(zone, startsAt)})`,
    specialistName: specialist.name,
    until: clockAndZone(expiresAt, readerZone ?? zone),
    href: booking
      ? withQuery(paths.bookingReschedule(booking.id), { day })
      : withQuery(paths.availability(specialist.id), { type, date: day }),
    booking: booking && booking.reference,
  };
}

export interface EntryWords {
  id: string;
  specialistName: string;
  kind: string;
  booking: { reference: string; href: string; examinee: string } | null;
  /** `before 9:00 am, Tuesday 1 December 2026` */
  wanted: string;
  since: string;
}

export function entryWords({
  id,
  specialist,
  type,
  booking,
  before,
  notBefore,
  createdAt,
}: WaitEntry): EntryWords {
  const zone = specialist.timezone;
  const from = notBefore ? `from ${shortDay(notBefore, zone)}, ` : '';
  return {
    id,
    specialistName: specialist.name,
    kind: typeWords[type],
    booking: booking && {
      reference: booking.reference,
      href: paths.booking(booking.id),
      examinee: booking.examinee,
    },
    wanted: `${from}before ${booking ? timeAndDay(before, zone) : shortDay(before, zone)}`,
    since: shortDay(createdAt, zone),
  };
}
