import type { Readable } from 'node:stream';

export type ScanVerdict =
  | { verdict: 'clean' }
  /** `signature` is the scanner's name for what it found. */
  | { verdict: 'infected'; signature: string };

export interface ScannerFacts {
  version: string;
  /** When its signatures were made; null when the scanner did not report it. */
  signaturesAt: Date | null;
}

/** Scans for malware. */
export interface Scanner {
  /**
   * Reads the stream to its end, or destroys it.
   * @throws Error when there is no verdict: the scanner is down, or the file is larger than it scans
   */
  scan(content: Readable): Promise<ScanVerdict>;
  /** Throws when the scanner does not answer. */
  ping(): Promise<void>;
}

/** The server behind a scanner, for checks of the configuration. */
export interface ScanServer extends Pick<Scanner, 'ping'> {
  facts(): Promise<ScannerFacts>;
  /** Whether a file of this size would be scanned completely. Sends nothing but the size. */
  takes(bytes: number): Promise<boolean>;
}
