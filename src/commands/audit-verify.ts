// npm run audit:verify: checks that the audit log was not changed. Exits with 1 when it was.
import { verifyAudit, type SealFault } from '../audit/index.ts';
import { readEncryptionKeys } from '../config.ts';
import { openDatabase } from '../db/knex.ts';
import { migrateBoth } from '../db/migrate.ts';
import { isProduction, loadEnvFile } from './environment.ts';
import { type TargetDatabase, withTargetDatabase } from './target-database.ts';
import { progressBar } from './progress-bar.ts';
import { complain, say } from './terminal.ts';

const inWords: Record<SealFault, string> = {
  changed: 'a row was changed',
  missing_rows: 'rows were removed',
  extra_rows: 'rows were added',
  unknown_key: 'was sealed with a key that is not in ENCRYPTION_KEYS',
  gap: 'does not follow the seal before it: a seal was removed or changed',
};

loadEnvFile();
try {
  await withTargetDatabase('DATABASE_URL', verify);
} catch (error) {
  complain(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function verify({ which, url, ownerUrl }: TargetDatabase): Promise<void> {
  // The database of a demo from before seals existed has no table for them yet.
  if (!isProduction()) await migrateBoth({ url, ownerUrl });
  const db = openDatabase(url, 2);
  const bar = progressBar('Verifying');
  try {
    const { faults, rows, seals, unsealed } = await verifyAudit(db, readEncryptionKeys(), (done, of) =>
      bar.show(done, of),
    );
    bar.done();
    for (const { seal, fromId, toId, fault } of faults) {
      complain(`Seal ${seal} (rows ${fromId + 1} to ${toId}): ${inWords[fault]}`);
    }
    const recent = unsealed > 0 ? `; ${unsealed} recent rows are not sealed yet` : '';
    say(faults.length === 0 ? 'The audit log is unchanged.' : 'The audit log was TAMPERED with.');
    // The last line: operators keep it outside, see docs/backup.md.
    say(`${rows} rows under ${seals} seals in ${which}${recent}`);
    if (faults.length > 0) process.exitCode = 1;
  } finally {
    bar.done();
    await db.destroy();
  }
}
