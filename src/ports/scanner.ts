import type { Readable } from 'node:stream';

export type ScanVerdict =
  | { verdict: 'clean' }
  /** `signature` is the scanner's name for what it found. */
  | { verdict: 'infected'; signature: string };

/** Looks for malware. */
export interface Scanner {
  /**
   * Reads the stream to its end, or destroys it.
   * @throws Error when there is no verdict: the scanner is away, or the file is more than it can take
   */
  scan(content: Readable): Promise<ScanVerdict>;
  /** Throws when it does not answer. */
  ping(): Promise<void>;
}
