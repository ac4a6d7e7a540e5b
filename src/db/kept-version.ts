// Keeps tables in the memory of web processes. A trigger raises their version with each write, in the same transaction. The
// statement that reads a request's session reads the version as well, so a process notices at each request that its copy is
// outdated. No message between processes is needed that could get lost.

/** For the select list of a statement: returns the version as `kept_version`. */
export const keptVersionColumn = '(select version from kept_version) as kept_version';

/** Requests without a session do not read the version: for this long they rely on what another request read. */
const believedMs = 1_000;

export interface KeptVersion {
  /** Call it with the version that a statement read. @param sentAt performance.now() before the statement was sent */
  confirm(version: number, sentAt: number): void;
  /** Null: the version was not read lately, so the tables have to be read again. */
  current(): number | null;
}

/** Returns a function that calls `read` once, keeps its result, and calls it again after one of the tables has changed. */
export function keep<Value>(keptVersion: KeptVersion, read: () => Promise<Value>): () => Promise<Value> {
  let kept: { version: number; value: Promise<Value> } | null = null;
  return () => {
    const version = keptVersion.current();
    if (version === null) return read();
    if (kept?.version === version) return kept.value;
    // The version was read first, so these rows are of that version or newer.
    const reading = { version, value: read() };
    kept = reading;
    reading.value.catch(() => {
      if (kept === reading) kept = null;
    });
    return reading.value;
  };
}

export function createKeptVersion(now: () => number = () => performance.now()): KeptVersion {
  let known = { version: -1, sentAt: Number.NEGATIVE_INFINITY };
  return {
    confirm(version, sentAt) {
      // Answers may arrive out of order.
      if (sentAt >= known.sentAt) known = { version, sentAt };
    },
    current: () => (now() - known.sentAt < believedMs ? known.version : null),
  };
}
