import type { Scanner } from '../../../src/ports/scanner.ts';

/** Reads each file to its end, as a real one does. */
export function scannerThatSays(verdict: 'clean' | 'infected'): Scanner {
  return {
    ping: () => Promise.resolve(),
    async scan(content) {
      for await (const _ of content as AsyncIterable<Buffer>);
      return verdict === 'clean' ? { verdict } : { verdict, signature: 'Test' };
    },
  };
}
