// Every list of the console.
import type { Table } from './table.ts';
import {
  accountEmails,
  custodyReports,
  intakeFields,
  driftItems,
  driftReports,
  emails,
  webhookEvents,
} from './tables.integrations.ts';
import { auditLog, failedJobs } from './tables.oversight.ts';
import { organizations, services, specialists, users } from './tables.people.ts';
import { bookings, documents, progress, unanswered } from './tables.work.ts';

export const tables: readonly Table[] = [
  bookings,
  unanswered,
  progress,
  documents,
  specialists,
  services,
  organizations,
  users,
  webhookEvents,
  emails,
  accountEmails,
  driftReports,
  driftItems,
  custodyReports,
  intakeFields,
  auditLog,
  failedJobs,
];

/** @throws when the console has no such list */
export function tableNamed(id: string): Table {
  const table = tableOf(id);
  if (!table) throw new Error(`The console has no list ${id}`);
  return table;
}

export function tableOf(id: string): Table | null {
  return tables.find((table) => table.id === id) ?? null;
}
