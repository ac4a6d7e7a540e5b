// The rules of the console's addresses, in order. The router answers with the problem of the first rule that does not hold.
// The page "Check access" shows the rules up to that one.
import type { Step } from '../../access/index.ts';
import type { Viewer } from '../../accounts/index.ts';
import {
  actionOf,
  attentionListOf,
  closed,
  isFor,
  isOffered,
  mayRepair,
  reading,
  tableOf,
  type ActionButton,
  type AttentionList,
  type Row,
  type Table,
  type Who,
} from '../../console/index.ts';
import { conflict, forbidden, notFound, type Problem } from '../problem.ts';

export interface ConsoleRule extends Step {
  /** The answer when the rule does not hold. */
  problem: () => Problem;
}

/** Each rule is computed only if those before it hold. @returns the list, record or action that the rules are about */
export type ConsoleRules<Subject> = Generator<ConsoleRule, Subject>;

/** @throws Problem of the first rule that does not hold */
export function enforce<Subject>(rules: ConsoleRules<Subject>): Subject {
  for (;;) {
    const { done, value } = rules.next();
    if (done) return value;
    if (!value.holds) throw value.problem();
  }
}

/** @param id of a table */
export function* listRules(viewer: Viewer, id: string): ConsoleRules<Table> {
  const found = tableOf(id);
  const table = yield* isThere('The console has this list', found, found?.label, 'no such list');
  yield isForRole('The list is', table, viewer);
  return table;
}

/** @param id of a list of what needs attention */
export function* nextRules(viewer: Viewer, id: string): ConsoleRules<AttentionList> {
  const list = attentionListOf(id);
  const oneByOne = list?.repair.next === undefined ? null : list;
  const rule = 'Its records are repaired one by one';
  const found = yield* isThere(rule, oneByOne, list?.label, 'no such kind');
  yield { ...isForRole('Repairing them is', found.repair, viewer), holds: mayRepair(found, viewer.role) };
  return found;
}

/** @returns the action's button; null for an action that only reads */
export function* actionRules(
  viewer: Viewer,
  table: Table,
  kind: ActionButton['kind'],
  name: string,
): ConsoleRules<ActionButton | null> {
  if (name === reading[kind]) return null;
  const button = actionOf(table.id, name);
  const isClosed = button === null && closed.includes(name);
  const action = yield* isThere(
    'The console has this action',
    button?.kind === kind ? button : null,
    button?.label,
    `no such action of ${kind === 'record' ? 'a record of ' : ''}this list`,
    isClosed ? closedAddress : notFound,
  );
  yield isForRole('The action is', action, viewer);
  return action;
}

/** @param action null for reading */
export function* recordRules(
  viewer: Viewer,
  { label }: Table,
  row: Row | null,
  action: ActionButton | null,
): ConsoleRules<Row> {
  const found = yield* isThere('The record exists', row, `one of ${label}`, `no such record in ${label}`);
  if (action?.isOffered)
    yield {
      rule: action.offeredFor ?? 'The record, as it stands now, offers this action',
      holds: isOffered(action, found, viewer.userId),
      finding: action.label,
      problem: () => notOffered(action),
    };
  return found;
}

const closedAddress = () => forbidden('Records are changed by the console’s own actions only.');

/** The rule of AdminJS's bulk actions and of its search. */
export const closedRule: ConsoleRule = {
  rule: 'The console changes records by its own actions only, and searches in its lists',
  holds: false,
  finding: 'This is an address of AdminJS that is closed to everybody',
  problem: closedAddress,
};

function* isThere<Subject>(
  rule: string,
  subject: Subject | null,
  label: string | undefined,
  missing: string,
  problem: () => Problem = notFound,
): ConsoleRules<Subject> {
  const holds = subject !== null;
  yield { rule, holds, finding: holds ? `It is ${label}` : `There is ${missing}`, problem };
  if (!holds) throw new Error(`A rule was passed that does not hold: ${rule}`);
  return subject;
}

function isForRole(subject: string, needed: { who: Who }, { name, role }: Viewer): ConsoleRule {
  return {
    rule: `${subject} for ${needed.who === 'admin' ? 'admins' : 'staff'}`,
    holds: isFor(role, needed),
    finding: `${name} is ${role}`,
    problem: forbidden,
  };
}

function notOffered({ label, offeredFor }: ActionButton): Problem {
  const detail = offeredFor ? `${offeredFor}.` : `“${label}” is not possible for this record now.`;
  return conflict('invalid_transition', detail);
}
