export { actionOf, mayDo, type ActionButton } from './actions.ts';
export { columnOf, mayRead, searchFilter, type Column, type Table } from './table.ts';
export { tableOf, tables } from './tables.ts';
export { findRow, inOrder, selectRows, shownRow, type Filters, type Row } from './table.query.ts';
export { readDashboard, type Dashboard } from './dashboard.ts';
export { runJobAgain } from './job.again.ts';
export type { ConsoleParts } from './console.ts';

/** AdminJS is loaded here, and not before somebody asks. */
export async function loadConsole() {
  return import('./console.ts');
}
