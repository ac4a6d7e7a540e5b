// Colleagues who are told about a booking: its solicitor, and recipients of the report.
import type { Request, Response } from 'express';
import {
  contactRoles,
  type BookingContacts,
  type Contact,
  type ContactChoice,
  type ContactRole,
} from '../../../bookings/index.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { rawField } from '../../forms/fields.ts';
import { keptFormOf } from '../../middleware/kept-forms.ts';
import { paths } from '../../paths.ts';
import { notFound, type FieldProblem } from '../../problem.ts';
import type { PageServices } from '../page-services.ts';
import type { PageData } from '../../views.ts';
import type { BookingFact } from './booking-words.ts';

type Needs = Pick<PageServices, 'bookings'>;
type ContactsRequest = Request<{ id: string }>;

export interface ContactsPage extends PageData {
  bookingId: string;
  reference: string;
  /** Null while the booking has no referrer. */
  organization: string | null;
  booker: string | null;
  /** The contacts that the person chooses from, for `seenIn`: sent with the form. */
  seen: string;
  roles: {
    role: ContactRole;
    title: string;
    hint: string;
    candidates: { id: string; name: string; email: string; isChosen: boolean }[];
  }[];
}

const roleWords: Record<ContactRole, { title: string; hint: string }> = {
  solicitor: {
    title: 'Solicitor',
    hint: 'Receives the same e-mails as the booker: confirmation, changes, reminders, new documents and the report.',
  },
  report_recipient: { title: 'Receives the report', hint: 'Is told when a report is ready.' },
};

export function contactsPages(services: Needs): PageRoute[] {
  const path = paths.bookingContacts(':id');
  return [
    {
      method: 'get',
      path,
      access: 'session',
      handle: async (req, res) => {
        const contacts = await found(services, req as ContactsRequest, res);
        // A kept form changes what its own page showed.
        const unsent = keptFormOf(res, req.originalUrl)?.fields;
        render(res, contacts, { chosen: contacts.contacts, seen: seenIn(unsent) ?? contacts.contacts }, []);
      },
    },
    {
      method: 'post',
      path,
      access: 'session',
      handle: (req, res) => save(services, req as ContactsRequest, res),
    },
  ];
}

async function save(services: Needs, req: ContactsRequest, res: Response): Promise<void> {
  const chosen = contactRoles.flatMap((role) => chosenAs(req.body, role));
  const seen = seenIn(req.body);
  const set = await services.bookings.setContacts(actorOf(req, res), req.params.id, chosen, seen);
  if (set.ok) return res.redirect(303, `${paths.booking(req.params.id)}?contacts`);
  if (set.reason === 'not_found') throw notFound();
  const message = 'Somebody you chose can no longer be a contact. Check the list and try again';
  const errors = [{ path: contactRoles[0], message }];
  const contacts = await found(services, req, res);
  render(res.status(422), contacts, { chosen, seen: seen ?? contacts.contacts }, errors);
}

/** The contacts that the page of the form showed; null when it does not tell. */
function seenIn(form: unknown): ContactChoice[] | null {
  const seen = rawField(form, 'seen');
  if (typeof seen !== 'string') return null;
  return contactRoles.flatMap((role) =>
    seen
      .split(' ')
      .filter((one) => one.startsWith(`${role}:`))
      .map((one) => ({ role, userId: one.slice(role.length + 1) })),
  );
}

function chosenAs(body: unknown, role: ContactRole): ContactChoice[] {
  const ids = [rawField(body, role) ?? []].flat();
  return ids.map((userId) => ({ userId: typeof userId === 'string' ? userId : '', role }));
}

async function found(services: Needs, req: ContactsRequest, res: Response): Promise<BookingContacts> {
  const contacts = await services.bookings.contacts(actorOf(req, res), req.params.id);
  if (!contacts) throw notFound();
  return contacts;
}

function render(
  res: Response,
  { booking, candidates }: BookingContacts,
  { chosen, seen }: Record<'chosen' | 'seen', readonly ContactChoice[]>,
  errors: FieldProblem[],
): void {
  const page: ContactsPage = {
    title: `Contacts of booking ${booking.reference}`,
    errors,
    bookingId: booking.id,
    reference: booking.reference,
    organization: booking.organization?.name ?? null,
    booker: booking.createdBy?.name ?? null,
    seen: seen.map(({ role, userId }) => `${role}:${userId}`).join(' '),
    roles: contactRoles.map((role) => ({
      role,
      ...roleWords[role],
      candidates: candidates.map((candidate) => ({
        ...candidate,
        isChosen: chosen.some((one) => one.role === role && one.userId === candidate.id),
      })),
    })),
  };
  res.render('bookings/contacts', page);
}

/** The card on the booking's page. */
export function contactFacts(booker: string | null, contacts: readonly Contact[]): BookingFact[] {
  const named = (role: ContactRole) =>
    contacts
      .filter((contact) => contact.role === role)
      .map(({ name }) => name)
      .join(', ');
  return [
    { label: 'Booked by', value: booker ?? 'Nobody yet' },
    ...contactRoles.flatMap((role) => {
      const value = named(role);
      return value ? [{ label: roleWords[role].title, value }] : [];
    }),
  ];
}
