// What src/db takes from pg without pg documenting it. When this fails after an upgrade: read what changed in pg's
// lib/client.js, query.js, connection.js and result.js, run test/db, then raise `checkedPg`.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import pg from 'pg';
import { checkedPg, PreparedBatch } from '../../src/db/prepared-batch.ts';

interface Message {
  stream: { writable: boolean; write(bytes: Buffer): void };
}
const client = new pg.Client() as unknown as Record<string, unknown> & {
  connection: Record<string, unknown>;
};

describe('pg', () => {
  it('is the version in which src/db/prepared-batch.ts was checked', () => {
    const file = createRequire(import.meta.url).resolve('pg/package.json');
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    expect(version).to.equal(checkedPg);
  });

  it('has the methods that PreparedBatch calls, and calls those that it overrides', () => {
    const { Query, Result, utils } = pg as unknown as Record<'Query' | 'Result', { prototype: object }> & {
      utils: object;
    };
    expect(new PreparedBatch([])).to.be.instanceOf(Query);
    for (const method of [
      'submit',
      'handleRowDescription',
      'handleDataRow',
      'handleCommandComplete',
      'handleEmptyQuery',
      'handleReadyForQuery',
      'handleError',
    ])
      expect(Query.prototype, method).to.have.property(method).that.is.a('function');
    for (const method of ['addFields', 'parseRow'])
      expect(Result.prototype, method).to.have.property(method).that.is.a('function');
    expect(utils).to.have.property('prepareValue').that.is.a('function');
    for (const method of ['query', 'close', 'parse', 'bind', 'describe', 'execute', 'sync', '_send'])
      expect(client.connection, method).to.have.property(method).that.is.a('function');
  });

  it('writes the messages of a batch through _send, so that they leave in one write with one Sync', () => {
    const writes: Buffer[] = [];
    const { connection } = client as unknown as { connection: Message };
    connection.stream = { writable: true, write: (bytes) => void writes.push(bytes) };
    const statement = { name: 'one', text: 'select $1::text', values: ['a'] };
    const batch = new PreparedBatch([statement, statement]);
    expect(batch.submit(connection as unknown as pg.Connection)).to.equal(null);
    expect(writes).to.have.length(1);
    expect(kindsOf(writes[0] ?? Buffer.alloc(0))).to.equal('CPBDEBDES');
  });
});

/** The first byte of each message. */
function kindsOf(bytes: Buffer): string {
  let kinds = '';
  for (let at = 0; at < bytes.length; at += 1 + bytes.readUInt32BE(at + 1))
    kinds += String.fromCharCode(bytes[at] ?? 0);
  return kinds;
}
