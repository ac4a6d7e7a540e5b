import { systemActor } from '../audit/index.ts';
import type { Transaction } from '../db/knex.ts';
import type { DocumentDeps } from './document.deps.ts';
import { contentOf } from './document.open.ts';
import { removeBytes } from './document.remove.ts';
import { findDocument, lockDocument } from './document.repository.ts';
import type { DocumentStatus } from './document.ts';

/**
 * Scans one document and stores the verdict. Safe to repeat.
 * @throws Error when the scanner gives no verdict; the job is retried
 */
export async function scanDocument(deps: DocumentDeps, id: string): Promise<void> {
  const document = await findDocument(deps.db, id);
  if (!document || document.status !== 'checking') return;
  if (!deps.scanner) return markNotScanned(deps, id);
  const result = await deps.scanner.scan(contentOf(deps, document));
  await deps.onStep?.('scanned');
  await deps.db.transaction(async (trx) => {
    // Another worker may have stored a verdict, or somebody may have deleted the document, during the scan.
    if ((await lockDocument(trx, id))?.status !== 'checking') return;
    await setStatus(deps, trx, id, result.verdict);
    await deps.audit.record(trx, systemActor, {
      action: result.verdict === 'clean' ? 'record.changed' : 'document.refused',
      resourceType: 'document',
      resourceId: id,
      metadata:
        result.verdict === 'clean'
          ? { scan: 'clean' }
          : { reason: 'infected', signature: result.signature, bookingId: document.bookingId },
    });
  });
  await deps.onStep?.('verdict_written');
  if (result.verdict === 'infected') {
    deps.log.warn({ documentId: id }, 'An infected document is refused');
    await removeBytes(deps, id, 'infected');
  }
}

/** For documents that wait for a scan after the operator switched scanning off: they would wait for ever. */
async function markNotScanned(deps: DocumentDeps, id: string): Promise<void> {
  await deps.db.transaction(async (trx) => {
    if ((await lockDocument(trx, id))?.status !== 'checking') return;
    await trx('documents').where({ id }).update({ status: 'not_scanned' });
    await deps.audit.record(trx, systemActor, {
      action: 'record.changed',
      resourceType: 'document',
      resourceId: id,
      metadata: { scan: 'switched off' },
    });
  });
}

async function setStatus(
  deps: DocumentDeps,
  trx: Transaction,
  id: string,
  status: DocumentStatus,
): Promise<void> {
  await trx('documents').where({ id }).update({ status, scanned_at: deps.clock.now() });
}
