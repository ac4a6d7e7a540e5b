import type { Clock } from '../ports/clock.ts';
import type { ScanServer } from '../ports/scanner.ts';
import { codeOf, ok, warning, wrong, type Check, type Line } from './check.ts';

export interface ScannerCheckDeps {
  /** Null: CLAMD_URL is unset. */
  scanServer: ScanServer | null;
  /** UPLOAD_MAX_BYTES */
  maxBytes: number;
  clock: Clock;
}

const oldAfterDays = 7;

export function scannerCheck(deps: ScannerCheckDeps): Check {
  return { id: 'clamd', title: 'Virus scanner', run: () => checkScanner(deps) };
}

async function checkScanner({ scanServer, maxBytes, clock }: ScannerCheckDeps): Promise<Line[]> {
  if (!scanServer)
    return [
      warning(
        'Uploads are not scanned for viruses',
        'CLAMD_URL is unset. Every document’s page and receipt say that it was not scanned.',
        'Run clamd with the settings of docs/documents.md, and set CLAMD_URL=tcp://host:3310',
      ),
    ];
  try {
    await scanServer.ping();
    const { version, signaturesAt } = await scanServer.facts();
    const lines = [ok(`${version} answers`), signaturesLine(signaturesAt, clock.now())];
    if (await scanServer.takes(maxBytes)) return [...lines, ok('It scans files up to UPLOAD_MAX_BYTES')];
    return [
      ...lines,
      wrong(
        'Its StreamMaxLength is less than UPLOAD_MAX_BYTES',
        'Larger documents wait for ever: they are never scanned, and never opened.',
        `Set StreamMaxLength and MaxFileSize in clamd.conf to at least ${Math.ceil(maxBytes / 1_048_576)}M, and restart clamd`,
      ),
    ];
  } catch (error) {
    return [
      wrong(
        `clamd does not answer: ${codeOf(error)}`,
        'New documents wait until it does, and cannot be opened meanwhile.',
        'Check CLAMD_URL, and whether clamd runs (it loads its signatures for a minute after a start)',
      ),
    ];
  }
}

export function signaturesLine(madeAt: Date | null, now: Date): Line {
  const mend = 'Check that freshclam runs, and reaches database.clamav.net';
  if (!madeAt)
    return warning('It does not say how old its signatures are', 'New viruses may not be found.', mend);
  const days = Math.floor((now.getTime() - madeAt.getTime()) / 86_400_000);
  const age = days < 1 ? 'of today' : days === 1 ? 'one day old' : `${days} days old`;
  return days > oldAfterDays
    ? warning(`Its signatures are ${age}`, 'Newer viruses are not found.', mend)
    : ok(`Its signatures are ${age}`);
}
