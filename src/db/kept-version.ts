// Tables that web processes keep in memory. Each write raises their version (triggers, in the same transaction), and
// the statement that reads a request's session reads the version as well: so a request never sees what an earlier write
// has replaced, in any process, and nothing has to be announced that could get lost.

/** For the select list of a statement: returns the version as `kept_version`. */
export const keptVersionColumn = '(select version from kept_version) as kept_version';

/** For requests without a session: how long the version that another request read is believed. */
const believedMs = 1_000;

export interface KeptVersion {
  /** What a statement found. @param sentAt of performance.now(), before the statement was sent */
  confirm(version: number, sentAt: number): void;
  /** Null: not confirmed lately, so nothing that is kept may be used. */
  current(): number | null;
}

/** What `read` returns, kept in memory: it is read again once one of the tables has changed. */
export function keep<Value>(keptVersion: KeptVersion, read: () => Promise<Value>): () => Promise<Value> {
  let kept: { version: number; value: Promise<Value> } | null = null;
  return () => {
    const version = keptVersion.current();
    if (version === null) return read();
    if (kept?.version === version) return kept.value;
    // Read after the version: the rows are at least as new.
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
