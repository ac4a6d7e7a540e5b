import type { Readable } from 'node:stream';

export type ScanVerdict =
  | { verdict: 'clean' }
  /** `signature` is the scanner's name for what it found. */
  | { verdict: 'infected'; signature: string };

export interface ScannerFacts {
  version: string;
  /** When its signatures were made; null: it did not say. */
  signaturesAt: Date | null;
}

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

/** The server behind a scanner, for checks of the set-up. */
export interface ScanServer extends Pick<Scanner, 'ping'> {
  facts(): Promise<ScannerFacts>;
  /** Whether a file of this size would be scanned whole. Nothing is sent but the size. */
  takes(bytes: number): Promise<boolean>;
}
