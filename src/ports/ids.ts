export interface Ids {
  /** A new UUIDv7: sorts by the time it was made. */
  uuid(): string;
  /** A new booking reference, e.g. `EX-7K3M9Q`: no look-alike letters (no 0, 1, I, L, O, U). */
  reference(): string;
}
