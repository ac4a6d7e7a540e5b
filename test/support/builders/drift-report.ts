import { randomUUID } from 'node:crypto';
import type { Tables } from 'knex/types/tables.js';
import type { Database } from '../../../src/db/knex.ts';

/** A finished reconciliation, without differences. @returns its id */
export async function aDriftReport(
  db: Database,
  change: Partial<Tables['drift_reports']> = {},
): Promise<string> {
  const day = new Date('2026-11-20T00:00:00Z');
  const report = {
    id: randomUUID() as string,
    kind: 'near' as const,
    fixes: true,
    state: 'done' as const,
    from_day: '2026-11-20',
    to_day: '2026-12-20',
    next_day: '2026-12-21',
    started_at: day,
    finished_at: day,
    ...change,
  };
  await db('drift_reports').insert(report);
  return report.id;
}
