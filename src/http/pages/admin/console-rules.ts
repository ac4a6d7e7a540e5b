// The rules of the console's URLs, in the order in which its router applies them (console/console.router.ts).
import type { Rules, Step } from '../../../access/index.ts';
import { isStaff } from '../../../accounts/index.ts';
import {
  actionOf,
  attentionListOf,
  findRow,
  isFor,
  mayRepair,
  reading,
  shownRow,
  tableOf,
  type Table,
} from '../../../console/index.ts';
import type { Database } from '../../../db/knex.ts';
import { optionSources } from '../../console/forms/options.ts';
import { nextAddresses } from '../../console/console.next.ts';
import { listHeadAddress } from '../../console/console.list-head.ts';
import { scriptNames } from '../../console/console.scripts.ts';

type Params = Record<string, string | undefined>;
type Asked = 'next' | 'frame' | 'table' | 'list' | 'record' | 'closed' | 'nothing';

const resources = ['/admin/resources/:table', '/admin/api/resources/:table'] as const;

/** Express patterns; the first match counts. */
export const consoleAddresses: readonly { path: string; asked: Asked }[] = [
  ...['/admin', '/admin/api/dashboard'].map((path) => ({ path, asked: 'frame' }) as const),
  ...scriptNames.map(
    (name) => ({ path: `/admin/frontend/assets/${name}.bundle{.:digest}.js`, asked: 'frame' }) as const,
  ),
  ...Object.keys(optionSources).map((path) => ({ path, asked: 'frame' }) as const),
  ...Object.values(nextAddresses).map((path) => ({ path, asked: 'next' }) as const),
  { path: '/admin/export/:table', asked: 'table' },
  { path: listHeadAddress, asked: 'table' },
  { path: resources[0], asked: 'table' },
  ...resources.flatMap(
    (path) =>
      [
        { path: `${path}/actions/:action`, asked: 'list' },
        { path: `${path}/records/:id/:action`, asked: 'record' },
        { path: `${path}/bulk/:action`, asked: 'closed' },
        { path: `${path}/search{/:query}`, asked: 'closed' },
      ] as const,
  ),
  { path: '/admin{/*rest}', asked: 'nothing' },
];

export function consoleRules(db: Database, asked: Asked, params: Params): Rules {
  return async function* (viewer) {
    yield {
      rule: 'The console is for staff',
      holds: isStaff(viewer),
      finding: `${viewer.name} is ${viewer.role}`,
    };
    if (asked === 'nothing')
      yield thereIs('There is a page at this address', false, 'the console', 'no such page');
    if (asked === 'nothing' || asked === 'frame') return;
    if (asked === 'next') {
      const list = attentionListOf(params.attention ?? '');
      const isOneByOne = list?.repair.next !== undefined;
      yield thereIs('Its records are repaired one by one', isOneByOne, list?.label ?? '', 'no such kind');
      if (list)
        yield {
          rule: `Repairing them is for ${wordsOf(list.repair.who)}`,
          holds: mayRepair(list, viewer.role),
          finding: `${viewer.name} is ${viewer.role}`,
        };
      return;
    }
    const table = tableOf(params.table ?? '');
    yield thereIs('The console has this list', table, table?.label ?? '', 'no such list');
    if (!table) return;
    yield {
      rule: `The list is for ${wordsOf(table.who)}`,
      holds: isFor(viewer.role, table),
      finding: `${viewer.name} is ${viewer.role}`,
    };
    if (asked === 'closed')
      yield {
        rule: 'The console changes records by its own actions only, and searches in its lists',
        holds: false,
        finding: 'This is an address of AdminJS that is closed to everybody',
      };
    else if (asked !== 'table') yield* actionRules(db, viewer, table, params);
  };
}

async function* actionRules(
  db: Database,
  viewer: Parameters<Rules>[0],
  table: Table,
  { id, action: name = '' }: Params,
): AsyncGenerator<Step> {
  const action = actionOf(table.id, name);
  const kind = id === undefined ? 'resource' : 'record';
  if (name !== reading[kind])
    yield thereIs(
      'The console has this action',
      action?.kind === kind,
      action?.label ?? '',
      `no such action of ${kind === 'record' ? 'a record of ' : ''}this list`,
    );
  if (action)
    yield {
      rule: `The action is for ${wordsOf(action.who)}`,
      holds: isFor(viewer.role, action),
      finding: `${viewer.name} is ${viewer.role}`,
    };
  if (id === undefined) return;
  const row = await findRow(db, table, id);
  yield thereIs('The record exists', row, `one of ${table.label}`, `no such record in ${table.label}`);
  if (row && action?.isOffered)
    yield {
      rule: action.offeredFor ?? 'The record, as it stands now, offers this action',
      holds: action.isOffered(shownRow(table, row), viewer.userId),
      finding: action.label,
    };
}

function thereIs(rule: string, what: unknown, found: string, missing: string): Step {
  return { rule, holds: Boolean(what), finding: what ? `It is ${found}` : `There is ${missing}` };
}

const wordsOf = (who: Table['who']): string => (who === 'admin' ? 'admins' : 'staff');
