export { bulkParts, listForBulk, seenIn, titlesOf } from './bulk.ts';
export { actionOf, closed, isOffered, reading, type ActionButton } from './actions.ts';
export {
  columnOf,
  columnsIn,
  isSealed,
  isFor,
  searchFilter,
  type Column,
  type Table,
} from './table.ts';
export { tableNamed, tableOf, tables } from './tables.ts';
export { findRow, orderRows, pagesOf, selectRows, shownRow, type Filters, type Row } from './table.query.ts';
export { mayRepair, nextRecord, type NextRecord } from './attention.next.ts';
export type { Checked } from './table.resource.ts';
export { attentionListOf } from './dashboard.attention.ts';
export type { ActionForm, Done, Refused } from './action-form.ts';
export { readDashboard, type Dashboard } from './dashboard.ts';

/** Loads AdminJS at the first request to the console, not at start. */
export async function loadConsole() {
  return import('./console.ts');
}
export {
  countedAtMost,
  loadDays,
  readFigures,
  shownWeeks,
  type Figures,
  type WeekOfParts,
  type WeekOfTimes,
} from './figures.ts';
export {
  choosableColumns,
  readChoices,
  mayRemoveView,
  removeView,
  saveColumns,
  saveView,
  shownColumns,
  type SavedView,
} from './views.ts';
