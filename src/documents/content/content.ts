// How a file's content can fail the checks, and how the checks read it.

export type ContentFault =
  | 'empty'
  | 'too_large'
  /** Not an accepted kind. */
  | 'unsupported_type'
  /** An accepted kind, but its name has the extension of another. */
  | 'name_mismatch'
  | 'zip_bomb'
  /** Has a password: neither we nor the virus scanner can read it. */
  | 'encrypted'
  | 'macros'
  /** A ZIP with names that lead out of the folder it is unpacked to. */
  | 'unsafe_names'
  /** A ZIP packed by a method that we cannot unpack to check it. */
  | 'odd_packing'
  /** The stored bytes are not those that the browser sent. */
  | 'altered'
  /** Begins like an accepted kind, but does not continue like one. */
  | 'broken';

/** Thrown inside streams, where a value cannot be returned; caught at the room's edge. */
export class ContentRefused extends Error {
  override readonly name = 'ContentRefused';
  readonly fault: ContentFault;
  constructor(fault: ContentFault) {
    super(`Content refused: ${fault}`);
    this.fault = fault;
  }
}

/** A stored file, readable at any position. */
export interface RandomAccess {
  size: number;
  /** Returns fewer bytes than asked for only at the end of the file. */
  read(start: number, length: number): Promise<Buffer>;
}
