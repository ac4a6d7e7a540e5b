// Imports organisations and referrers from a CSV. People are matched by e-mail address.
import {
  inviteTakenOver,
  notInvitedYet,
  takenOverInput,
  takeOverOrganization,
  takeOverReferrer,
  type AnnounceAccount,
} from '../accounts/index.ts';
import { systemActor } from '../audit/index.ts';
import type { Database, Queryable, Transaction } from '../db/knex.ts';
import { blockMerges } from '../db/merges.ts';
import { z } from 'zod';
import type { ImportResult, Listener, RecordType, ReportLine } from './import.ts';
import { insertRecord } from './import.repository.ts';
import { runImport, type RunDeps } from './import.runs.ts';
import { readTable, type Column, type TableRow } from './import.table.ts';

export const peopleColumns: readonly Column[] = [
  {
    name: 'organisation',
    aliases: ['organization', 'organisation name', 'organization name', 'law firm', 'firm', 'company'],
    isRequired: true,
  },
  { name: 'email', aliases: ['e-mail', 'e-mail address', 'email address', 'mail'], isRequired: false },
  { name: 'name', aliases: ['full name', 'referrer', 'referrer name', 'contact'], isRequired: false },
];

/** Reports problems under the file's own headings. */
const personRow = z
  .object({ organisation: z.string(), email: z.string().default(''), name: z.string().default('') })
  .transform((row, context) => {
    const parsed = takenOverInput.safeParse({
      organization: row.organisation,
      email: row.email,
      name: row.name,
    });
    if (parsed.success) return parsed.data;
    for (const { path, message } of parsed.error.issues)
      context.addIssue({
        code: 'custom',
        message,
        path: path.map((key) => (key === 'organization' ? 'organisation' : key)),
      });
    return z.NEVER;
  });

type Person = z.output<typeof personRow>;

export interface PeopleDeps extends RunDeps {
  announceAccount: AnnounceAccount;
  /** For tests that kill the process at a step. */
  onStep?: ((step: string) => Promise<void> | void) | undefined;
}

export interface PeopleRequest {
  file: { name: string; bytes: Uint8Array };
  applies: boolean;
  /** Invites each referrer of the file who has no invitation yet; not in a dry run. */
  invites: boolean;
}

/** @throws TableError */
export async function importPeople(
  deps: PeopleDeps,
  { file, applies, invites }: PeopleRequest,
  listener: Listener,
): Promise<ImportResult & { ignored: string[] }> {
  const { rows, ignored } = readTable(file.bytes, peopleColumns, personRow);
  const request = { kind: 'people', options: { file: file.name }, content: file.bytes, applies } as const;
  const ended = await runImport(deps, request, listener, async (importId, report) => {
    const userIds = new Set<string>();
    const take = async (db: Queryable) => {
      for (const [index, row] of rows.entries()) {
        const { line, userId } = await importRow(deps, db, importId, row);
        report.line(line);
        if (userId) userIds.add(userId);
        report.progress(index + 1, rows.length);
        await deps.onStep?.('row');
      }
    };
    if (importId) await take(deps.db);
    else await runDry(deps.db, take);
    return { invited: importId && invites ? await inviteAll(deps, importId, [...userIds]) : 0 };
  });
  return { ...ended, ignored };
}

class RolledBack extends Error {}

/** A dry run does everything in one transaction and rolls it back, so its report is exact. */
async function runDry(db: Database, work: (trx: Transaction) => Promise<void>): Promise<void> {
  try {
    await db.transaction(async (trx) => {
      await work(trx);
      throw new RolledBack();
    });
  } catch (error) {
    if (!(error instanceof RolledBack)) throw error;
  }
}

/** A referrer whom Acuity names. Null: they cannot be taken over, or are somebody else here. */
export async function importStranger(
  deps: RunDeps,
  importId: string,
  stranger: { organization: string; email: string; name: string },
): Promise<{ userId: string; organizationId: string; makes: readonly RecordType[] } | null> {
  const parsed = takenOverInput.safeParse(stranger);
  if (!parsed.success) return null;
  try {
    return await deps.db.transaction(async (trx) => {
      await blockMerges(trx);
      const { userId, organizationId, makes } = await importPerson(deps, trx, importId, parsed.data);
      return userId === null ? null : { userId, organizationId, makes };
    });
  } catch (error) {
    if (error instanceof RowSkipped) return null;
    throw error;
  }
}

class RowSkipped extends Error {}

/** Each row has its own transaction. */
async function importRow(
  deps: PeopleDeps,
  db: Queryable,
  importId: string | null,
  row: TableRow<Person>,
): Promise<{ line: ReportLine; userId: string | null }> {
  const base = { line: row.line, appointmentId: null };
  if ('problems' in row) {
    const says = row.problems.join('; ');
    return { line: { ...base, outcome: 'bad', recordId: null, to: '', says }, userId: null };
  }
  const { organization, email } = row.value;
  const to = email ? `${email}, ${organization}` : organization;
  try {
    return await db.transaction(async (trx) => {
      await blockMerges(trx);
      const { outcome, says, recordId, userId, makes } = await importPerson(deps, trx, importId, row.value);
      const isShown = outcome !== 'made' || importId !== null;
      return { line: { ...base, outcome, recordId: isShown ? recordId : null, to, says, makes }, userId };
    });
  } catch (error) {
    if (!(error instanceof RowSkipped)) throw error;
    return { line: { ...base, outcome: 'left', recordId: null, to, says: error.message }, userId: null };
  }
}

interface ImportedPerson {
  outcome: 'made' | 'matched';
  says: string;
  recordId: string;
  userId: string | null;
  organizationId: string;
  makes: readonly RecordType[];
}

async function importPerson(
  deps: RunDeps,
  trx: Transaction,
  importId: string | null,
  { organization: organizationName, email, name }: Person,
): Promise<ImportedPerson> {
  const how = { ...deps, by: systemActor, metadata: { source: 'import', importId } };
  const note = async (record: Omit<Parameters<typeof insertRecord>[1], 'id' | 'importId' | 'effect'>) => {
    if (importId) await insertRecord(trx, { ...record, id: deps.ids.uuid(), importId, effect: 'made' });
  };
  const organization = await takeOverOrganization(trx, how, organizationName);
  const madeOrganization = organization.isNew ? (['organization'] as const) : [];
  if (organization.isNew)
    await note({ type: 'organization', recordId: organization.id, after: { name: organizationName } });
  if (!email || !name) {
    const outcome = organization.isNew ? 'made' : 'matched';
    return {
      outcome,
      says: 'organisation',
      recordId: organization.id,
      userId: null,
      organizationId: organization.id,
      makes: madeOrganization,
    };
  }
  const person = await takeOverReferrer(trx, how, { email, name, organizationId: organization.id });
  if (person.outcome === 'left') throw new RowSkipped(person.reason);
  const { outcome, userId } = person;
  if (outcome === 'made')
    await note({
      type: 'user',
      recordId: userId,
      after: { name, email, organizationId: organization.id },
    });
  const says = organization.isNew ? 'referrer and organisation' : 'referrer';
  const makes = outcome === 'made' ? ([...madeOrganization, 'user'] as const) : madeOrganization;
  return { outcome, says, recordId: userId, userId, organizationId: organization.id, makes };
}

async function inviteAll(deps: PeopleDeps, importId: string, userIds: readonly string[]): Promise<number> {
  let invited = 0;
  for (const person of await notInvitedYet(deps.db, userIds)) {
    const sent = await inviteTakenOver({ ...deps, announce: deps.announceAccount, by: systemActor }, person);
    if (sent.ok) invited += 1;
    await deps.onStep?.(`invited:${importId}`);
  }
  return invited;
}
