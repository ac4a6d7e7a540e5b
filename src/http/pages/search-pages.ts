// The pages that the search finds, for those who may open them.
import { isStaff, type Viewer } from '../../accounts/index.ts';
import { paths } from '../paths.ts';
import { withQuery } from './links.ts';

interface ListedPage {
  text: string;
  /** Other words for it. */
  words: string;
  href: string;
  isFor?: (viewer: Viewer) => boolean;
}

const referrers = ({ role }: Viewer) => role === 'referrer';
const admins = ({ role }: Viewer) => role === 'admin';
/** While acting, the referrer's own account is closed. */
const oneself = ({ actingAdmin }: Viewer) => actingAdmin === null;

const listedPages: ListedPage[] = [
  {
    text: 'New booking',
    words: 'book examination appointment make',
    href: paths.newBooking(),
    isFor: referrers,
  },
  { text: 'Home', words: 'start today needs', href: paths.home() },
  { text: 'Bookings', words: 'list examinations upcoming past', href: paths.bookings() },
  { text: 'Calendar', words: 'month bookings', href: withQuery(paths.bookings(), { view: 'calendar' }) },
  { text: 'Specialists', words: 'doctors list', href: paths.specialists() },
  {
    text: 'Wait-list',
    words: 'waiting earlier time offers held',
    href: paths.waitList(),
    isFor: referrers,
  },
  { text: 'First free times', words: 'soonest availability specialists', href: paths.firstFree() },
  { text: 'Your account', words: 'profile settings name', href: paths.account(), isFor: oneself },
  {
    text: 'E-mails',
    words: 'mail notifications preferences digest unsubscribe',
    href: paths.accountMail(),
    isFor: oneself,
  },
  {
    text: 'Calendar feed',
    words: 'subscribe outlook google ical address account',
    href: paths.accountCalendar(),
    isFor: (viewer) => referrers(viewer) && oneself(viewer),
  },
  { text: 'Password', words: 'change account security', href: paths.accountPassword(), isFor: oneself },
  {
    text: 'Two-step sign-in',
    words: 'two-factor codes security authenticator',
    href: paths.accountTwoFactor(),
    isFor: oneself,
  },
  {
    text: 'Where you are signed in',
    words: 'sessions devices sign out',
    href: paths.accountSessions(),
    isFor: oneself,
  },
  { text: 'Console', words: 'admin staff', href: paths.console(), isFor: isStaff },
  { text: 'Check access', words: 'why refused rights console', href: paths.accessCheck(), isFor: isStaff },
  {
    text: 'Paperwork',
    words: 'documents due late missing consent brief rules',
    href: paths.paperwork(),
    isFor: isStaff,
  },
  {
    text: 'Figures',
    words: 'charts statistics load delay reports console',
    href: paths.figures(),
    isFor: isStaff,
  },
  { text: 'Act as a referrer', words: 'impersonate phone', href: paths.actAs(), isFor: admins },
  {
    text: 'What was done while acting',
    words: 'episodes acted as impersonation',
    href: paths.episodes(),
    isFor: admins,
  },
  {
    text: 'People and organisations',
    words: 'users invite referrers staff',
    href: paths.accountPeople(),
    isFor: admins,
  },
  { text: 'System check', words: 'doctor health status', href: paths.doctor(), isFor: admins },
  { text: 'Acuity connection', words: 'webhook calendar', href: paths.acuityConnection(), isFor: admins },
  { text: 'Acuity’s questions', words: 'forms intake mapping', href: paths.acuityQuestions(), isFor: admins },
  { text: 'Merge records', words: 'duplicates referrer organisation', href: paths.merges(), isFor: admins },
];

/** Pages of which a word begins with each word of the query; every page that the viewer may open when it is empty. */
export function findPages(viewer: Viewer, query: string): { text: string; href: string }[] {
  const wanted = wordsOf(query);
  return listedPages
    .filter(({ isFor }) => isFor?.(viewer) ?? true)
    .filter(({ text, words }) => {
      const own = wordsOf(`${text} ${words}`);
      return wanted.every((word) => own.some((one) => one.startsWith(word)));
    })
    .map(({ text, href }) => ({ text, href }));
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
}
