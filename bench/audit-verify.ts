// How fast `npm run audit:verify` computes the seals of the audit log anew.
import { randomBytes } from 'node:crypto';
import { sealAudit, verifyAudit } from '../src/audit/index.ts';
import { parseKeyring } from '../src/lib/keyring.ts';
import { openSeededDatabase } from '../test/support/database.ts';
import { stopSharedPostgres } from '../test/support/postgres.ts';
import { atLeast, type BenchOptions, type BenchResult } from './result.ts';

const goal = 100_000;
/** Rows under one seal: a busy day's. */
const sealed = 10_000;

/** `ratio`: rows a second, divided by what was promised. */
export async function run({ isShort }: BenchOptions): Promise<BenchResult> {
  const seals = isShort ? 10 : 30;
  const database = await openSeededDatabase();
  const keyring = parseKeyring(`bench:${randomBytes(32).toString('hex')}`);
  if (!keyring) throw new Error('No keys');
  try {
    for (let seal = 0; seal < seals; seal += 1) {
      await database.db.raw(
        `insert into audit_log (actor_id, action, resource_type, resource_id, outcome, metadata, ip, user_agent, request_id)
         select (select id from users limit 1), 'booking.viewed', 'booking', gen_random_uuid()::text, 'success',
           jsonb_build_object('n', n, 'in', 'bench'), '203.0.113.7', 'Mozilla/5.0 (X11; Linux x64)', gen_random_uuid()::text
         from generate_series(1, ?::int) n`,
        [sealed],
      );
      await sealAudit(database.db, keyring);
    }
    const startedAt = performance.now();
    const verdict = await verifyAudit(database.db, keyring);
    const seconds = (performance.now() - startedAt) / 1_000;
    if (verdict.faults.length > 0) throw new Error(`${verdict.faults.length} seals do not fit their rows`);
    const perSecond = verdict.rows / seconds;
    return atLeast(
      1,
      {
        name: 'audit:verify: rows a second, over the goal',
        ratio: perSecond / goal,
        detail: `${Math.round(perSecond)} rows/s: ${verdict.rows} under ${verdict.seals} seals in ${seconds.toFixed(1)} s`,
      },
      `${goal} rows/s`,
    );
  } finally {
    await database.close();
    await stopSharedPostgres();
  }
}
