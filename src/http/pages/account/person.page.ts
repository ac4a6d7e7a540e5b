// For admins: one person's account and what can be done with it. There are no fields to overwrite by accident.
import type { Request, Response } from 'express';
import {
  personRefusals,
  roleNames,
  type Accounts,
  type OrganizationSummary,
  type Person,
  type Role,
} from '../../../accounts/index.ts';
import type { PageRoute } from '../../endpoint.ts';
import { namedIn, pageZoneOf, typed } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { notFound, type FieldProblem } from '../../problem.ts';
import type { PageData } from '../../views.ts';
import { timeAndDay } from '../when.ts';
import { ownActor, showErrors } from './account-page.ts';

interface PersonPage extends PageData {
  person: Person;
  rows: { label: string; value: string }[];
  roles: { value: string; label: string }[];
  /** The organisations to choose from: one page of those that were found, and the person's own. */
  organizations: Pick<OrganizationSummary, 'id' | 'name'>[];
  find: string;
  isSearchOffered: boolean;
  chosen: { role: string; organizationId: string };
  isOneself: boolean;
  back: string;
  notice: string | null;
  errors: FieldProblem[];
}

const notices: Record<string, string> = {
  deactivate: 'The account is deactivated, and signed out everywhere.',
  reactivate: 'The account can be used again.',
  end_sessions: 'Signed out everywhere.',
  reset_two_factor: 'Two-step sign-in is reset, and the person signed out everywhere.',
  role: 'The role is changed. The person has to sign in again.',
};

const view = 'account/person';

export function personPages(accounts: Accounts): PageRoute[] {
  const path = paths.accountPerson(':id');
  return [
    { method: 'get', path, access: 'admin', handle: (req, res) => show(accounts, req, res) },
    { method: 'post', path, access: 'admin', handle: (req, res) => change(accounts, req, res) },
    {
      method: 'post',
      path: paths.accountPersonRole(':id'),
      access: 'admin',
      handle: (req, res) => changeRole(accounts, req, res),
    },
  ];
}

async function show(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const notice = namedIn(notices, req.query.done);
  res.render(view, { ...(await pageOf(accounts, req, res)), notice });
}

async function change(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const page = await pageOf(accounts, req, res);
  const actor = ownActor(req, res);
  const { id } = page.person;
  const verbs = {
    deactivate: () => accounts.deactivate(id, actor),
    reactivate: () => accounts.reactivate(id, actor),
    end_sessions: () => accounts.endSessions(id, actor),
    reset_two_factor: () => accounts.twoFactor.reset(id, actor),
  };
  const asked = typed(req.body, 'change');
  const verb = Object.hasOwn(verbs, asked) ? verbs[asked as keyof typeof verbs] : undefined;
  if (!verb) return showErrors(res, view, { ...page, errors: [{ path: '', message: 'Choose what to do' }] });
  const changed = await verb();
  if (changed.ok) return res.redirect(303, `${paths.accountPerson(id)}?done=${asked}`);
  showErrors(res, view, { ...page, errors: [{ path: '', message: personRefusals[changed.reason] }] });
}

async function changeRole(accounts: Accounts, req: Request, res: Response): Promise<void> {
  const page = await pageOf(accounts, req, res);
  const chosen = { role: typed(req.body, 'role'), organizationId: typed(req.body, 'organizationId') };
  if (!Object.hasOwn(roleNames, chosen.role)) {
    return showErrors(res, view, { ...page, errors: [{ path: 'role', message: 'Choose a role' }] });
  }
  const to = { role: chosen.role as Role, organizationId: chosen.organizationId || null };
  const changed = await accounts.changeRole(page.person.id, to, ownActor(req, res));
  if (changed.ok) return res.redirect(303, `${paths.accountPerson(page.person.id)}?done=role`);
  const isAboutOrganization = changed.reason === 'unknown_organization';
  const path = isAboutOrganization ? 'organizationId' : '';
  showErrors(res, view, { ...page, chosen, errors: [{ path, message: personRefusals[changed.reason] }] });
}

async function pageOf(accounts: Accounts, req: Request, res: Response): Promise<PersonPage> {
  const { viewer } = ownActor(req, res);
  const find = typed(req.query, 'find').slice(0, 100);
  const [person, { items, isMore }] = await Promise.all([
    accounts.people.find(String(req.params.id)),
    accounts.organizations.list({ find }),
  ]);
  if (!person) throw notFound();
  const own = person.organization;
  const isListed = !own || items.some(({ id }) => id === own.id);
  const zone = pageZoneOf(req);
  return {
    title: person.name,
    person,
    rows: [
      { label: 'E-mail address', value: person.email },
      { label: 'Role', value: roleNames[person.role] },
      ...(person.organization ? [{ label: 'Organisation', value: person.organization.name }] : []),
      { label: 'Account', value: stateOf(person) },
      { label: 'Two-step sign-in', value: person.hasTwoFactor ? 'On' : 'Off' },
      {
        label: 'Last seen',
        value: person.lastSeenAt ? timeAndDay(person.lastSeenAt, zone) : 'Not signed in now',
      },
    ],
    roles: Object.entries(roleNames).map(([value, label]) => ({ value, label })),
    organizations: isListed ? items : [own, ...items],
    find,
    isSearchOffered: isMore || find !== '',
    chosen: { role: person.role, organizationId: person.organization?.id ?? '' },
    isOneself: person.id === viewer.userId,
    back: paths.accountPeople(person.organization?.id),
    notice: null,
    errors: [],
  };
}

function stateOf({ isActive, awaitsInvitation }: Person): string {
  if (!isActive) return 'Deactivated';
  return awaitsInvitation ? 'Imported; no invitation accepted yet' : 'Active';
}
