// Sends short reads on one connection, which it borrows from the pool for as long as any of them is under way. Those of one
// turn of the event loop leave in one system call, and wake one backend of PostgreSQL. Each batch succeeds or fails by
// itself; all that are under way fail when the connection ends.
import type pg from 'pg';
import { inOneWrite, type BatchDone, type PreparedBatch } from './prepared-batch.ts';

export type ConnectingPool = Pick<pg.Pool, 'connect' | 'waitingCount'>;

interface Read {
  batch: PreparedBatch;
  done: BatchDone;
}

/** The members of a connection's client that are used here; pg's types leave some out. */
interface Client {
  query(batch: PreparedBatch, done: BatchDone): void;
  once(event: 'error', listener: (error: Error) => void): void;
  removeListener(event: 'error', listener: (error: Error) => void): void;
  release(error?: Error): void;
}

export function sharedConnection(pool: ConnectingPool): {
  query(batch: PreparedBatch, done: BatchDone): void;
} {
  let waiting: Read[] = [];
  let client: Client | null = null;
  let underWay = 0;
  /** What waits is sent on the next connection. */
  let isNextDue = false;

  function release(error?: Error): void {
    const released = client;
    client = null;
    underWay = 0;
    released?.removeListener('error', release);
    released?.release(error);
    if (isNextDue) borrow();
  }

  function borrow(): void {
    isNextDue = false;
    pool.connect((error, connected) => {
      if (!connected) return failWaiting(error ?? new Error('The pool gave no connection'));
      client = connected;
      client.once('error', release);
      send(client);
    });
  }

  function failWaiting(error: Error): void {
    const failed = waiting;
    waiting = [];
    for (const { done } of failed) done(error, []);
  }

  function send(to: Client): void {
    const sent = waiting;
    waiting = [];
    underWay += sent.length;
    inOneWrite(to, () => {
      for (const { batch, done } of sent)
        to.query(batch, (error, answers) => {
          // After an error of the connection the count is that of another.
          if (client === to) underWay -= 1;
          if (client === to && underWay === 0 && (isNextDue || waiting.length === 0)) release();
          done(error, answers);
        });
    });
  }

  /** Without end, reads would keep the connection from others that wait for one. */
  function sendNow(): void {
    if (client && pool.waitingCount === 0) return send(client);
    isNextDue = true;
    if (underWay === 0) release();
  }

  return {
    query(batch, done) {
      waiting.push({ batch, done });
      // The first waits for all others that have arrived by now, and is sent with them.
      if (waiting.length === 1) setImmediate(sendNow);
    },
  };
}
