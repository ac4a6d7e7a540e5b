/** The current time. All code reads it here, so that tests can set it. */
export interface Clock {
  now(): Date;
}
