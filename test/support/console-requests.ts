// Requests for every table and action of the console, with a record that the fixture has.
import { randomUUID } from 'node:crypto';
import { Router as adminRoutes } from 'adminjs';
import type { ActionButton } from '../../src/console/actions.ts';
import { findRow, selectRows, tables, type Row, type Table } from '../../src/console/index.ts';
import type { Agent } from './app.ts';
import type { AccessRequest, MatrixFixture } from './matrix-fixture.ts';
import { aBookingOf } from './console-records.ts';
import { aReferrer } from './own-people.ts';
import { aDriftReport } from './builders/drift-report.ts';

const get = (address: string, shape: AccessRequest['shape'] = 'json'): AccessRequest => ({
  method: 'get',
  address,
  shape,
});
const both = (rest: string): AccessRequest[] => [
  get(`/admin/api/resources/${rest}`),
  get(`/admin/resources/${rest}`, 'html'),
];

/** Every request that returns records of a table. */
export async function readRequests(
  fixture: MatrixFixture,
  table: Table,
): Promise<Record<string, AccessRequest[]>> {
  const id = encodeURIComponent(await aRecordOf(fixture, table));
  return {
    list: [...both(`${table.id}/actions/list`), get(`/admin/resources/${table.id}`, 'html')],
    show: both(`${table.id}/records/${id}/show`),
    export: [get(`/admin/export/${table.id}`)],
  };
}

/** An action's button, and what it opens: a form, which is opened and submitted, or a page. */
export async function actionRequests(
  fixture: MatrixFixture,
  { table, name, kind, href }: ActionButton,
): Promise<{ button: AccessRequest[]; form?: AccessRequest[]; page?: AccessRequest[] }> {
  const record = kind === 'record' ? await aRecordFor(fixture, table, name) : '';
  const id = encodeURIComponent(record);
  const button = both(kind === 'record' ? `${table}/records/${id}/${name}` : `${table}/actions/${name}`);
  if (href) {
    const row = await findRow(fixture.app.db, tableNamed(table), record);
    const address = href.replace(/{(\w+)}/g, (_, column: string) =>
      encodeURIComponent(String(row?.[column])),
    );
    return { button, page: [get(address, 'html')] };
  }
  const [api] = button as [AccessRequest];
  return { button, form: [api, { ...api, method: 'post', body: { version: day.toISOString() } }] };
}

/** The routes of AdminJS itself: an upgrade that adds one must fail a test. */
export function adminAddresses(): string[] {
  return adminRoutes.routes.map(
    ({ method, path }) => `${method.toLowerCase()} /admin${path.replaceAll(/{(\w+)}/g, ':$1')}`,
  );
}

export function adminJsRequest({ bookingId }: MatrixFixture, route: string): AccessRequest {
  const [method, pattern = ''] = route.split(' ');
  const address = pattern
    .replace(':resourceId', 'bookings')
    .replace(':recordId', bookingId)
    .replaceAll(/:\w+/g, 'no-such-one');
  const shape = pattern.startsWith('/admin/api/') ? 'json' : 'html';
  return { method: method as AccessRequest['method'], address, shape };
}

function tableNamed(id: string): Table {
  const table = tables.find((one) => one.id === id);
  if (!table) throw new Error(`There is no table ${id}`);
  return table;
}

/** A record that allows every action. A new table needs one: here, unless the fixture makes one anyway. */
async function aRecordOf(fixture: MatrixFixture, table: Table): Promise<string> {
  const { db } = fixture.app;
  const made = await makers[table.id]?.(fixture);
  const row: Row | null | undefined =
    made === undefined ? await selectRows(db, table, {}).first('r.*') : await findRow(db, table, made);
  if (!row) throw new Error(`The fixture has no record of ${table.id}: make one in console-requests.ts`);
  return String(row.id);
}

/** A record for actions that are not offered on every record of the table. */
async function aRecordFor(fixture: MatrixFixture, table: string, action: string): Promise<string> {
  const reports = { release: 'draft_report', recall: 'released_report' } as const;
  if (table === 'documents' && (action === 'release' || action === 'recall'))
    return fixture.aDocument(reports[action]);
  if (action === 'assign-organization') return aBookingOf(fixture.app.db, null);
  const id = await aRecordOf(fixture, tableNamed(table));
  if (action === 'progress-admin')
    await fixture.app.db('bulk_actions').where({ id }).update({ kind: 'webhook-events/replay' });
  if (action === 'reactivate') await fixture.app.db('users').where({ id }).update({ banned: true });
  return id;
}

const day = new Date('2026-11-20T00:00:00Z');

const makers: Record<string, (fixture: MatrixFixture) => Promise<string>> = {
  bookings: (fixture) => Promise.resolve(fixture.bookingId),
  documents: (fixture) => fixture.aDocument(),
  unanswered: async ({ app, bookingId, userIds }) => {
    await app.db('booking_messages').insert({
      id: randomUUID(),
      booking_id: bookingId,
      body: 'May the examinee bring a friend?',
      is_from_staff: false,
      created_by_id: userIds.rita,
      idempotency_key: randomUUID(),
    });
    return bookingId;
  },
  users: async ({ app }) => (await aReferrer(app.db)).id,
  'webhook-events': async ({ app }) => {
    const id = randomUUID();
    await app.db('webhook_events').insert({
      id,
      channel: 'relay',
      state: 'dead',
      received_at: day,
      action: 'changed',
      appointment_id: 1,
      body: Buffer.from('action=changed&id=1'),
      body_digest: Buffer.alloc(32),
    });
    return id;
  },
  emails: async ({ app, bookingId }) => {
    const id = randomUUID();
    await app.db('emails').insert({
      id,
      kind: 'booking_confirmation',
      dedupe_key: id,
      recipient: 'rita@harbour-legal.example',
      booking_id: bookingId,
      status: 'failed',
      attempts: 8,
    });
    return id;
  },
  'account-emails': async ({ app }) => {
    const id = randomUUID();
    await app.db('emails').insert({
      id,
      kind: 'password_changed',
      dedupe_key: id,
      recipient: 'rita@harbour-legal.example',
    });
    return id;
  },
  'bulk-actions': async ({ app, userIds }) => {
    const id = randomUUID();
    const at = { begun_at: day, ended_at: day };
    await app
      .db('bulk_actions')
      .insert({ id, kind: 'bookings/assign', made_by_id: userIds.support, state: 'done', ...at });
    return id;
  },
  'drift-reports': ({ app }) => aDriftReport(app.db),
  'drift-items': async ({ app }) => {
    const id = randomUUID();
    await app.db('drift_items').insert({
      id,
      report_id: await aDriftReport(app.db),
      appointment_id: 1,
      difference: 'details',
      state: 'left',
      announced: true,
      found_at: day,
    });
    return id;
  },
  'custody-reports': async ({ app }) => {
    const id = randomUUID();
    await app.db('custody_reports').insert({
      id,
      started_at: day,
      finished_at: day,
      rows_checked: 1,
      objects_checked: 1,
    });
    return id;
  },
  'failed-jobs': async ({ app }) => {
    const { rows } = (await app.db.raw(`select id from graphile_worker.add_job('nobody.does-this')`)) as {
      rows: { id: number }[];
    };
    const id = String(rows[0]?.id);
    await app.db.raw(`select graphile_worker.permanently_fail_jobs(array[?::bigint], 'ETIMEDOUT')`, [id]);
    return id;
  },
};

/** Filters of a list as its form sends them; their words come back sealed for this person. */
export async function sealWords(
  agent: Agent,
  words: Record<string, string>,
  table = 'bookings',
): Promise<Record<string, string>> {
  const sent = Object.entries(words).map(([name, text]) => [`filters.${name}`, text]);
  const { body } = await agent
    .post(`/admin/views/${table}/find`)
    .send(Object.fromEntries(sent) as object)
    .expect(200);
  const found = [...new URL(body.href as string, 'http://console').searchParams];
  return Object.fromEntries(found.map(([name, text]) => [name.replace('filters.', ''), text]));
}
