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
        render(res, await found(services, req as ContactsRequest, res), null, []);
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
  const set = await services.bookings.setContacts(actorOf(req, res), req.params.id, chosen);
  if (set.ok) return res.redirect(303, `${paths.booking(req.params.id)}?contacts`);
  if (set.reason === 'not_found') throw notFound();
  const message = 'Somebody you chose can no longer be a contact. Check the list and try again';
  const errors = [{ path: contactRoles[0], message }];
  render(res.status(422), await found(services, req, res), chosen, errors);
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

/** @param typed the choice in a refused form; null: show what is stored */
function render(
  res: Response,
  { booking, contacts, candidates }: BookingContacts,
  typed: ContactChoice[] | null,
  errors: FieldProblem[],
): void {
  const chosen = typed ?? contacts;
  const page: ContactsPage = {
    title: `Contacts of booking ${booking.reference}`,
    errors,
    bookingId: booking.id,
    reference: booking.reference,
    organization: booking.organization?.name ?? null,
    booker: booking.createdBy?.name ?? null,
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
