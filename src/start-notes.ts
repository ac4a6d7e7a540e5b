// What whoever runs a process should know of it from its first lines on. Nothing of it keeps the process from starting.
import type { Logger } from 'pino';
import { errorFacts } from './lib/error-facts.ts';
import type { Scanner } from './ports/scanner.ts';

export async function noteScanner({ scanner, log }: { scanner: Scanner | null; log: Logger }): Promise<void> {
  if (!scanner) return log.warn('Uploads are not scanned for viruses: CLAMD_URL is unset');
  try {
    await scanner.ping();
    log.info('Uploads are scanned for viruses');
  } catch (error) {
    log.error({ err: errorFacts(error) }, 'The virus scanner does not answer: documents wait until it does');
  }
}
