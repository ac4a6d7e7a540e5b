export { bulkParts, listForBulk, seenIn, titlesOf } from './bulk.ts';
export { actionButtons, actionOf, closed, isOffered, pageOf, reading, type ActionButton } from './actions.ts';
export * from './table.ts';
export * from './tables.ts';
export { findRow, orderRows, pagesOf, selectRows, shownRow, type Filters, type Row } from './table.query.ts';
export { mayRepair, nextRecord, type NextRecord } from './attention.next.ts';
export type { Checked } from './table.resource.ts';
export { attentionListOf, type AttentionList } from './dashboard.attention.ts';
export type { ActionForm, Done, Refused } from './action-form.ts';
export { readDashboard, type Dashboard } from './dashboard.ts';

/** Loads AdminJS at the first request to the console, not at start. */
export async function loadConsole() {
  return import('./console.ts');
}
export * from './figures.ts';
export * from './views.ts';
