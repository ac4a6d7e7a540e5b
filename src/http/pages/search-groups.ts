// What the search finds for a viewer, in groups. The portal and the console show the same results, each with links to its
// own pages.
import { isStaff, mayAdminister, roleNames, type Actor, type Person } from '../../accounts/index.ts';
import { examineeName, type Booking } from '../../bookings/index.ts';
import type { FoundReferrer } from '../../impersonation/index.ts';
import { zonePlaceName } from '../../lib/dates.ts';
import type { Specialist } from '../../specialists/index.ts';
import { paths } from '../paths.ts';
import { progressWords } from '../view-helpers.ts';
import { withQuery } from './links.ts';
import type { PageServices } from './page-services.ts';
import { findPages } from './search-pages.ts';
import { clockTime, shortDay } from './when.ts';

export interface Found {
  href: string;
  text: string;
  detail?: string;
  note?: string;
  /** For a referrer who was found: the page on which an admin begins to act as them. */
  actAs?: string;
}

export interface FoundGroup {
  id: string;
  heading: string;
  found: Found[];
  /** The whole list, when there is more. */
  more: Found | null;
}

export interface Searching {
  actor: Actor;
  words: string;
  /** Staff search in the console: records open there. */
  isInConsole: boolean;
  /** The words for an address. */
  sealed: () => string;
}

export type SearchServices = Pick<
  PageServices,
  'recentBookings' | 'bookingList' | 'specialists' | 'accounts' | 'impersonation'
>;

/** How many results of each kind are shown. */
const most = 10;
/** How many are shown before anything is typed. */
const mostRecent = 5;

/** The groups that are not empty. Without words: the bookings opened last, and the pages. */
export async function searchGroups(services: SearchServices, searching: Searching): Promise<FoundGroup[]> {
  const { actor, words } = searching;
  const { viewer } = actor;
  const staff = isStaff(viewer);
  // Groups with few results come first, and those that somebody searches by a person's name.
  const groups = words
    ? await Promise.all([
        staff ? (mayAdminister(viewer) ? peopleFound : referrersFound)(services, searching) : null,
        specialistsFound(services, searching),
        staff ? organizationsFound(services, searching) : null,
        bookingsFound(services, searching),
      ])
    : [await recentFound(services, searching)];
  const listed = groupOf('pages', 'Pages', findPages(viewer, words), null);
  return [...groups, listed].filter((group) => group !== null && group.found.length > 0) as FoundGroup[];
}

function groupOf(id: string, heading: string, found: Found[], all: Found | null): FoundGroup {
  return { id, heading, found: found.slice(0, most), more: found.length > most ? all : null };
}

/** The address of a list of the console, searched for the same words. */
const allOf = (list: string, text: string, { sealed }: Searching): Found => ({
  href: withQuery(paths.consoleList(list), { 'filters.search': sealed() }),
  text,
});

/** For admins: active referrers, then everybody else. */
async function peopleFound(
  { impersonation, accounts }: SearchServices,
  searching: Searching,
): Promise<FoundGroup> {
  const [referrers, others] = await Promise.all([
    impersonation.search(searching.words),
    accounts.people.list({ othersCalled: searching.words }),
  ]);
  const found = [...referrers.map(referrerFound), ...others.items.map(personFound)];
  return groupOf('people', 'People', found, allOf('users', 'All people with these words', searching));
}

/** For support, who assign bookings to referrers, but may not open people's records. */
async function referrersFound({ impersonation }: SearchServices, { words }: Searching): Promise<FoundGroup> {
  const found = (await impersonation.search(words)).map((one) => ({
    ...named(one),
    href: withQuery(paths.consoleList('bookings'), { 'filters.referrerId': one.id }),
  }));
  return groupOf('referrers', 'Bookings of a referrer', found, null);
}

function referrerFound(referrer: FoundReferrer): Found {
  const { id } = referrer;
  return { ...named(referrer), href: paths.consoleRecord('users', id), actAs: paths.actAs(id) };
}

const named = ({ name, email, organization }: FoundReferrer) => ({
  text: name,
  detail: organization.name,
  note: email,
});

function personFound({ id, name, email, role, organization, isActive }: Person): Found {
  return {
    href: paths.consoleRecord('users', id),
    text: name,
    detail: organization?.name ?? roleNames[role],
    note: isActive ? email : `${email} · not active`,
  };
}

async function specialistsFound(
  { specialists }: SearchServices,
  { actor, words, isInConsole }: Searching,
): Promise<FoundGroup> {
  const found = await (isStaff(actor.viewer)
    ? specialists.search(words)
    : specialists.listActive({ q: words }));
  const hrefOf = (id: string) =>
    isInConsole ? paths.consoleRecord('specialists', id) : paths.specialist(id);
  return groupOf(
    'specialists',
    'Specialists',
    found.map((one) => specialistFound(one, hrefOf(one.id))),
    null,
  );
}

function specialistFound({ name, title, specialty, location, isActive }: Specialist, href: string): Found {
  return {
    href,
    text: [title, name].filter(Boolean).join(' '),
    note: [specialty, location, isActive ? null : 'not active'].filter(Boolean).join(' · '),
  };
}

async function organizationsFound({ accounts }: SearchServices, searching: Searching): Promise<FoundGroup> {
  const { items } = await accounts.organizations.list({ find: searching.words });
  const found = items.map(({ id, name, members }) => ({
    href: paths.consoleRecord('organizations', id),
    text: name,
    note: members === 1 ? '1 active member' : `${members} active members`,
  }));
  return groupOf(
    'organizations',
    'Organisations',
    found,
    allOf('organizations', 'All organisations with these words', searching),
  );
}

async function recentFound({ recentBookings }: SearchServices, searching: Searching): Promise<FoundGroup> {
  const recent = await recentBookings(searching.actor, mostRecent);
  const found = recent.map((booking) => bookingFound(searching, booking));
  return groupOf('recent', 'Bookings you opened last', found, null);
}

async function bookingsFound(
  { bookingList }: SearchServices,
  searching: Searching,
): Promise<FoundGroup | null> {
  const { actor, words, isInConsole, sealed } = searching;
  const page = await bookingList.page(actor.viewer, { q: words, limit: most });
  if (page === 'bad_cursor') return null;
  const text = 'All bookings with these words';
  const all = isInConsole
    ? allOf('bookings', text, searching)
    : { href: withQuery(paths.bookings(), { find: sealed() }), text };
  return {
    id: 'bookings',
    heading: 'Bookings',
    found: page.bookings.map((booking) => bookingFound(searching, booking)),
    more: page.nextCursor ? all : null,
  };
}

function bookingFound({ actor, isInConsole }: Searching, booking: Booking): Found {
  const { id, reference, startsAt, timezone, specialist, organization, claimNumber } = booking;
  return {
    href: isInConsole ? paths.consoleBooking(id) : paths.booking(id),
    text: examineeName(booking.examinee) || 'Name not given',
    detail: `${shortDay(startsAt, timezone)}, ${clockTime(startsAt, timezone)} (${zonePlaceName(timezone)})`,
    note: [
      specialist.name,
      progressWords[booking.currentProgress],
      actor.viewer.role === 'referrer' ? null : organization?.name,
      claimNumber,
      reference,
    ]
      .filter(Boolean)
      .join(' · '),
  };
}
