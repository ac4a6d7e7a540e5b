// The e-mail to somebody on the wait-list: a time is free, and is held for them.
import type { Viewer } from '../accounts/index.ts';
import type { Queryable } from '../db/knex.ts';
import { formatDay, formatExamTime, formatTime, shortZone } from '../lib/dates.ts';
import { mailKinds } from '../mail-kinds/index.ts';
import { findOffer, holdMinutes, type WaitOffer } from '../waiting/index.ts';
import type { EmailRow, Fact, Links, Message, OfferEmail } from './email.ts';

export function isAboutOffer(email: EmailRow): email is OfferEmail {
  return mailKinds[email.kind].about === 'offer';
}

/** False when the offer was answered or its hold is over: the time may be offered to somebody else by now. */
export async function isStillOffered(db: Queryable, viewer: Viewer, email: OfferEmail): Promise<boolean> {
  const offer = email.wait_offer_id ? await findOffer(db, email.wait_offer_id) : null;
  return (
    offer?.state === 'open' &&
    offer.personId === viewer.userId &&
    offer.organizationId === viewer.organization?.id
  );
}

export async function offerMessage(db: Queryable, email: OfferEmail, links: Links): Promise<Message> {
  const offer = email.wait_offer_id ? await findOffer(db, email.wait_offer_id) : null;
  if (!offer) throw new Error(`Message ${email.id} has no offer`);
  const { booking, specialist, startsAt, expiresAt } = offer;
  const day = formatDay(startsAt, specialist.timezone);
  const until = `${formatTime(expiresAt, specialist.timezone)} ${shortZone(specialist.timezone, expiresAt)}`;
  return {
    subject: `Earlier time offered: ${booking ? booking.reference : specialist.name}, ${day}`,
    heading: 'An earlier time is free',
    paragraphs: [
      `You are on the wait-list, and the time below is free. It is held for you until ${until}, ${holdMinutes} minutes from the offer. Then the next person is told.`,
      booking
        ? 'Accept it, and the examination is moved. Otherwise the examination stays as it is.'
        : 'Accept it, and book the examination before the hold ends.',
      'The hold binds within Examdesk only: the clinic can still give the time to somebody else. In that case you stay on the list.',
    ],
    facts: factsOf(offer),
    action: { label: 'See the offer', href: links.waitList() },
    footer: 'This message was sent to you because you asked to be told. Leave the wait-list to end it.',
  };
}

function factsOf({ booking, specialist, startsAt, durationMinutes }: WaitOffer): Fact[] {
  const at = (time: Date) => formatExamTime(time, specialist.timezone);
  return [
    ...(booking ? [{ label: 'Reference', value: booking.reference }] : []),
    { label: 'Offered', value: at(startsAt) },
    ...(booking ? [{ label: 'Now', value: at(booking.startsAt) }] : []),
    { label: 'How long', value: `${durationMinutes} minutes` },
    { label: 'Specialist', value: `${specialist.name}, ${specialist.specialty}` },
  ];
}
