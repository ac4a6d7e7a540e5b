import { forbidden, invalid, notFound, Problem } from '../../problem.ts';
import { question, staleProblem, text, type FormAction } from './form.ts';

const nameField = (name: string) => text('name', 'Name', name);

const rename: FormAction = {
  async open({ accounts }, id) {
    const found = await accounts.organizations.find(id);
    if (!found) throw notFound();
    return { intro: '', submit: 'Save', version: found.name, fields: [nameField(found.name)] };
  },
  async send({ accounts }, actor, id, { version, values }) {
    const name = typeof values.name === 'string' ? values.name : '';
    const renamed = await accounts.organizations.rename(id, { name }, actor, version);
    if (renamed.ok) return 'Saved';
    if (renamed.reason === 'stale') throw staleProblem([nameField(renamed.name)], renamed.name, values);
    if (renamed.reason === 'invalid') throw invalid(renamed.errors);
    throw renamed.reason === 'not_found' ? notFound() : forbidden();
  },
};

const personWords = {
  oneself: 'Nobody does this to their own account.',
  last_admin: 'This is the last admin: make another one first.',
  unknown_organization: 'The organisation is unknown.',
  merged_away: 'They were merged into another record.',
};

const deactivate: FormAction = {
  open: question('They are signed out at once and cannot sign in again. Their bookings stay.', 'Deactivate'),
  async send({ accounts }, actor, id) {
    const done = await accounts.deactivate(id, actor);
    if (done.ok) return 'Deactivated';
    if (done.reason === 'not_found') throw notFound();
    throw done.reason === 'not_allowed' ? forbidden() : new Problem('bad_request', personWords[done.reason]);
  },
};

const endSessions: FormAction = {
  open: question('They are signed out on every device, and can sign in again.', 'End sessions'),
  async send({ accounts }, actor, id) {
    const done = await accounts.endSessions(id, actor);
    if (done.ok) return `Ended: ${done.value.ended}`;
    throw done.reason === 'not_found' ? notFound() : forbidden();
  },
};

export const peopleForms = {
  'organizations/rename': rename,
  'users/deactivate': deactivate,
  'users/end-sessions': endSessions,
};
