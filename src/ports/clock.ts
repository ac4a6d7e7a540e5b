/** The time. Everything that asks what time it is asks here, so that tests can say. */
export interface Clock {
  now(): Date;
}
