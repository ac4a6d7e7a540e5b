// What the checks of a file's content can end in, apart from "it is what it says".

export type ContentFault =
  | 'empty'
  | 'too_large'
  /** Not one of the kinds we take. */
  | 'unsupported_type'
  /** One of them, but its name says another. */
  | 'name_mismatch'
  | 'zip_bomb'
  /** Nobody can look into it: neither we nor the virus scan. */
  | 'encrypted'
  | 'macros'
  /** The bytes that lie in the store are not those that were sent. */
  | 'altered'
  /** It begins like one of our kinds and does not go on like it. */
  | 'broken';

/** Thrown inside streams, where a value cannot be returned; caught at the room's edge. */
export class ContentRefused extends Error {
  override readonly name = 'ContentRefused';
  readonly fault: ContentFault;
  constructor(fault: ContentFault) {
    super(`The content is refused: ${fault}`);
    this.fault = fault;
  }
}

/** A stored file as something to look into here and there. */
export interface RandomAccess {
  size: number;
  /** Shorter than asked for only where the file ends. */
  read(start: number, length: number): Promise<Buffer>;
}
