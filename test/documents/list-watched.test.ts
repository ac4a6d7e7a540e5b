// An open booking page polls every few seconds whether its list of documents has changed.
import { expect } from 'chai';
import { samples } from '../support/builders/files.ts';
import type { Agent } from '../support/app.ts';
import { openDocumentFixture, type DocumentFixture } from '../support/document-fixture.ts';

describe('listState', () => {
  let fixture: DocumentFixture;
  let sam: Agent;
  before(async () => {
    fixture = await openDocumentFixture();
    sam = await fixture.app.signIn('sam@examdesk.example');
  });
  after(() => fixture.close());

  const partial = (agent: Agent, path: string) =>
    agent.get(path).set('Accept', 'text/html').set('HX-Request-Type', 'partial');
  const shown = async (agent: Agent) => {
    const page = await agent.get(`/bookings/${fixture.bookingId}`).set('Accept', 'text/html').expect(200);
    const value = (id: string) => new RegExp(`id="${id}"[^>]*value="([^"]*)"`).exec(page.text)?.[1] ?? '';
    return { seen: value('booking-seen'), documents: value('documents-seen') };
  };
  const ask = async (agent: Agent, seen: Record<string, string>) =>
    (await partial(agent, `/bookings/${fixture.bookingId}/status?${new URLSearchParams(seen).toString()}`))
      .status;

  it('changes when something that the viewer may see changes, and only then', async () => {
    const scanned = () => fixture.app.db('documents').update({ status: 'clean', scanned_at: new Date() });
    const changes: [string, () => Promise<unknown>][] = [
      ['one is added', () => fixture.upload({ 'a.txt': samples.txt })],
      ['another is', () => fixture.upload({ 'b.txt': samples.txt })],
      ['one is found damaged', () => fixture.app.db('documents').limit(1).update({ damaged_at: new Date() })],
      ['they are scanned', () => scanned()],
      ['they are deleted', () => fixture.app.db('documents').update({ deleted_at: new Date() })],
    ];
    for (const [what, change] of changes) {
      const before = await shown(fixture.rita);
      expect(await ask(fixture.rita, before), `before ${what}`).to.equal(204);
      await change();
      expect(await ask(fixture.rita, before), what).to.equal(200);
      expect(await ask(fixture.rita, await shown(fixture.rita)), `after ${what}`).to.equal(204);
    }
    const [ritas, sams] = [await shown(fixture.rita), await shown(sam)];
    await fixture.upload({ 'c.txt': samples.txt }, { category: 'dictation', agent: sam });
    expect(await ask(fixture.rita, ritas), 'a dictation').to.equal(204);
    expect(await ask(sam, sams)).to.equal(200);
  });

  it('reads one row, however many documents there are', async () => {
    await fixture.upload({ 'a.txt': samples.txt, 'b.txt': samples.txt, 'c.txt': samples.txt });
    const seen = await shown(fixture.rita);
    const read: number[] = [];
    const note = (answer: { rows?: object[] } | object[], { sql }: { sql: string }) => {
      if (/\bdocuments\b/.test(sql)) read.push((Array.isArray(answer) ? answer : (answer.rows ?? [])).length);
    };
    const { db } = fixture.app.system.services;
    db.on('query-response', note);
    expect(await ask(fixture.rita, seen)).to.equal(204);
    db.off('query-response', note);
    expect(read).to.deep.equal([1]);
  });
});
