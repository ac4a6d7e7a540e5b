export interface Ids {
  /** A new UUIDv7, which sorts by creation time. */
  uuid(): string;
  /** A new booking reference such as `EX-7K3M9Q`, without look-alike characters (0, 1, I, L, O, U). */
  reference(): string;
}
