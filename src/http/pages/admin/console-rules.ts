// The rules of each address of the console: those that its router enforces (console/console.gate.ts).
import type { Rules, Step } from '../../../access/index.ts';
import { askRules } from '../../../accounts/index.ts';
import { findRow } from '../../../console/index.ts';
import type { Database } from '../../../db/knex.ts';
import { actionRules, closedRule, listRules, nextRules, recordRules } from '../../console/console.gate.ts';
import { optionSources } from '../../console/forms/options.ts';
import { nextAddresses } from '../../console/console.next.ts';
import { listHeadAddress } from '../../console/console.list-head.ts';
import { scriptNames } from '../../console/console.scripts.ts';
import { routeRule } from '../../middleware/access.ts';

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
  const { table: tableId = '', id, action: name = '', attention = '' } = params;
  return async function* (viewer) {
    yield* askRules([routeRule('staff')], viewer, null);
    if (asked === 'nothing') yield noSuchPage;
    if (asked === 'nothing' || asked === 'frame') return;
    if (asked === 'next') {
      yield* nextRules(viewer, attention);
      return;
    }
    const table = yield* listRules(viewer, tableId);
    if (asked === 'closed') yield closedRule;
    if (asked === 'closed' || asked === 'table') return;
    const action = yield* actionRules(viewer, table, id === undefined ? 'resource' : 'record', name);
    if (id !== undefined) yield* recordRules(viewer, table, await findRow(db, table, id), action);
  };
}

const noSuchPage: Step = {
  rule: 'There is a page at this address',
  holds: false,
  finding: 'There is no such page',
};
