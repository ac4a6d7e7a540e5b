// For admins: people, invitations and organisations. person.page.ts shows one person.
import type { Request, Response } from 'express';
import {
  roleNames,
  type AccountLink,
  type Accounts,
  type InviteInput,
  type OrganizationSummary,
} from '../../../accounts/index.ts';
import type { PageRoute } from '../../endpoint.ts';
import { namedIn, pageZoneOf, rawField, typed } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { tooManyRequests, type FieldProblem } from '../../problem.ts';
import type { PageData } from '../../views.ts';
import { withQuery } from '../links.ts';
import { shortDay, timeAndDay } from '../when.ts';
import { ownActor, showErrors } from './account-page.ts';

interface PeoplePage extends PageData {
  /** An organisation's id, or `staff`. */
  of: string;
  ofName: string;
  /** One page of the organisations that were found, and the one that is shown. */
  organizations: OrganizationSummary[];
  /** What the organisations were searched for. */
  find: string;
  /** Whether there are more organisations than one page shows. */
  isSearchOffered: boolean;
  organizationLinks: PageLinks;
  peopleLinks: PageLinks;
  people: {
    id: string;
    name: string;
    email: string;
    role: string;
    isActive: boolean;
    awaitsInvitation: boolean;
    lastSeen: string;
    twoFactor: string;
  }[];
  /** The addresses with an invitation to `of`, not accepted yet. */
  invited: string[];
  invitations: { id: string; email: string; as: string; sent: string; until: string; isExpired: boolean }[];
  roles: { value: string; label: string }[];
  invite: { email: string; name: string; role: string; organizationId: string };
  organizationName: string;
  /** The person who has an account with the invited address. */
  known: string | null;
  notice: string | null;
  errors: FieldProblem[];
}

interface PageLinks {
  earlier: string | null;
  later: string | null;
}

const notices: Record<string, string> = {
  invited: 'The invitation has been sent.',
  again: 'Another invitation has been sent. The earlier link no longer works.',
  revoked: 'The invitation is revoked.',
  organization: 'The organisation is created. Invite its first person.',
};

const view = 'account/people';

export function peoplePages(accounts: Accounts): PageRoute[] {
  const on = (
    method: 'get' | 'post',
    path: string,
    handle: (accounts: Accounts, req: Request, res: Response) => Promise<void>,
  ): PageRoute => ({ method, path, access: 'admin', handle: (req, res) => handle(accounts, req, res) });
  return [
    on('get', paths.accountPeople(), show),
    on('post', paths.accountInvite(), invite),
    on('post', paths.accountInviteAgain(), inviteAgain),
    on('post', paths.accountInviteRevoke(), revoke),
    on('post', paths.accountOrganizations(), createOrganization),
  ];
}

async function show(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const of = typeof req.query.of === 'string' ? req.query.of : 'staff';
  const notice = namedIn(notices, req.query.done);
  res.render(view, { ...(await pageOf(accounts, req, of)), notice });
}

async function invite(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const actor = ownActor(req, res);
  const typedIn = {
    email: typed(req.body, 'email'),
    name: typed(req.body, 'name'),
    role: typed(req.body, 'role'),
    organizationId: typed(req.body, 'organizationId'),
  };
  // The service validates each field.
  const invited = await accounts.invite(typedIn as InviteInput, actor);
  const of = typedIn.organizationId || 'staff';
  if (invited.ok) return done(res, of, 'invited');
  let known: string | null = null;
  const refuse = async (...errors: FieldProblem[]) =>
    showErrors(res, view, { ...(await pageOf(accounts, req, of)), invite: typedIn, errors, known });
  switch (invited.reason) {
    case 'invalid':
      return refuse(...invited.errors);
    case 'already_active':
      known = invited.personId;
      return refuse({ path: 'email', message: 'There is an account with this address already' });
    case 'merged_away':
      return refuse({
        path: 'email',
        message: 'They were merged into another record. Undo that merge first, or invite another address',
      });
    case 'unknown_organization':
      return refuse({ path: 'organizationId', message: 'Choose an organisation from the list' });
    case 'too_many':
      throw tooManyRequests(invited.retryAfterMs, 'Too many invitations at once. Wait a while, then go on.');
    case 'not_allowed':
      return refuse({ path: '', message: 'Only administrators can invite' });
  }
}

async function inviteAgain(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const actor = ownActor(req, res);
  const wanted = rawField(req.body, 'id');
  const [link] = typeof wanted === 'string' ? await accounts.invitations.list({ id: wanted }) : [];
  // May have been accepted or revoked meanwhile: the list shows its state.
  if (!link?.role) return res.redirect(303, paths.accountPeople());
  const { email, name, role, organization } = link;
  const input = {
    email,
    role,
    ...(name && { name }),
    ...(organization && { organizationId: organization.id }),
  };
  const invited = await accounts.invite(input, actor);
  if (!invited.ok && invited.reason === 'too_many') throw tooManyRequests(invited.retryAfterMs);
  if (!invited.ok) return res.redirect(303, paths.accountPeople());
  done(res, organization?.id ?? 'staff', 'again');
}

async function revoke(accounts: Accounts, req: Request, res: Response): Promise<void> {
  await accounts.invitations.revoke(typed(req.body, 'id'), ownActor(req, res));
  done(res, typed(req.body, 'of') || 'staff', 'revoked');
}

async function createOrganization(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const name = typed(req.body, 'organizationName');
  const created = await accounts.organizations.create({ name }, ownActor(req, res));
  if (created.ok) return done(res, created.value.id, 'organization');
  const message =
    created.reason === 'invalid'
      ? (created.errors[0]?.message ?? 'Enter a name')
      : 'Only administrators make organisations';
  const page = { ...(await pageOf(accounts, req, 'staff')), organizationName: name };
  showErrors(res, view, { ...page, errors: [{ path: 'organizationName', message }] });
}

function done(res: Response, of: string, what: string): void {
  res.redirect(303, `${paths.accountPeople()}?${new URLSearchParams({ of, done: what }).toString()}`);
}

async function pageOf(accounts: Accounts, req: Request, asked: string): Promise<PeoplePage> {
  const zone = pageZoneOf(req);
  const organization = await accounts.organizations.find(asked);
  const find = typed(req.query, 'find').slice(0, 100);
  const [page, list] = [pageNumber(req.query.page), pageNumber(req.query.list)];
  const [organizations, invitations, people] = await Promise.all([
    accounts.organizations.list({ find, page: list }),
    accounts.invitations.list(organization ? { organizationId: organization.id } : {}),
    accounts.people.list(organization ? { organizationId: organization.id } : { staff: true }, page),
  ]);
  const isListed = !organization || organizations.items.some(({ id }) => id === organization.id);
  const to = (more: { page?: number; list?: number }): string =>
    withQuery(paths.accountPeople(), {
      of: organization?.id,
      find,
      list: String(more.list ?? list),
      page: String(more.page ?? page),
    });
  return {
    title: 'People and organisations',
    of: organization?.id ?? 'staff',
    ofName: organization?.name ?? 'Examdesk staff',
    organizations: isListed ? organizations.items : [organization, ...organizations.items],
    find,
    isSearchOffered: organizations.isMore || list > 1 || find !== '',
    organizationLinks: {
      earlier: list > 1 ? to({ list: list - 1, page: 1 }) : null,
      later: organizations.isMore ? to({ list: list + 1, page: 1 }) : null,
    },
    peopleLinks: {
      earlier: page > 1 ? to({ page: page - 1 }) : null,
      later: people.isMore ? to({ page: page + 1 }) : null,
    },
    people: people.items.map((person) => ({
      ...person,
      role: roleNames[person.role],
      lastSeen: person.lastSeenAt ? shortDay(person.lastSeenAt, zone) : '–',
      twoFactor: person.hasTwoFactor ? 'On' : 'Off',
    })),
    invited: invitations
      .filter((link) => (link.organization?.id ?? null) === (organization?.id ?? null))
      .map(({ email }) => email),
    invitations: invitations.map((link) => invitationRow(link, zone)),
    roles: Object.entries(roleNames).map(([value, label]) => ({ value, label })),
    invite: {
      email: '',
      name: '',
      role: organization ? 'referrer' : '',
      organizationId: organization?.id ?? '',
    },
    organizationName: '',
    known: null,
    notice: null,
    errors: [],
  };
}

function pageNumber(asked: unknown): number {
  return typeof asked === 'string' && /^[1-9]\d{0,4}$/.test(asked) ? Number(asked) : 1;
}

function invitationRow(link: AccountLink, zone: string): PeoplePage['invitations'][number] {
  return {
    id: link.id,
    email: link.email,
    as: link.organization?.name ?? (link.role ? roleNames[link.role] : ''),
    sent: shortDay(link.createdAt, zone),
    until: timeAndDay(link.expiresAt, zone),
    isExpired: link.state === 'expired',
  };
}
