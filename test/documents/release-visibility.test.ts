// Who sees a report before its release, while it is released, and after its recall: at every address and in every list.
import { expect } from 'chai';
import { explainAccess, documentRules } from '../../src/access/index.ts';
import { accountStatusOf } from '../../src/accounts/index.ts';
import type { Agent } from '../support/app.ts';
import { samples } from '../support/builders/files.ts';
import type { DocumentFixture, UploadedDocument } from '../support/document-fixture.ts';
import { openReleaseFixture, type ReleaseFixture } from '../support/release-fixture.ts';
import { withoutIds } from '../support/same-page.ts';

const unknownId = '0192f000-0000-7000-8000-000000000009';

describe('a report before and after its release', function () {
  this.timeout(60_000);
  let fixture: DocumentFixture;
  let opened: ReleaseFixture;
  let acting: Agent;
  let agents: ReleaseFixture['agents'];
  before(async () => {
    opened = await openReleaseFixture();
    ({ fixture, acting, agents } = opened);
  });
  after(() => fixture.close());

  /** Every address that reveals anything about a document, for this id or another. */
  const asks: [name: string, ask: (agent: Agent, id: string) => Promise<{ status: number; text: string }>][] =
    [
      ['the file', (agent, id) => agent.get(`/documents/${id}`)],
      ['its head', (agent, id) => agent.head(`/documents/${id}`)],
      ['a part of it', (agent, id) => agent.get(`/documents/${id}`).set('Range', 'bytes=0-9')],
      ['it if changed', (agent, id) => agent.get(`/documents/${id}`).set('If-None-Match', '*')],
      ['it in the browser', (agent, id) => agent.get(`/documents/${id}/view`).set('Accept', 'text/html')],
      ['the head of that', (agent, id) => agent.head(`/documents/${id}/view`).set('Accept', 'text/html')],
      ['its receipt', (agent, id) => agent.get(`/documents/${id}/receipt`).set('Accept', 'text/html')],
      ['its deletion', (agent, id) => agent.delete(`/documents/${id}`)],
      ['the page for it', (agent, id) => agent.get(`/documents/${id}/delete`).set('Accept', 'text/html')],
    ];
  const told = async (agent: Agent, id: string) => {
    const answers: Record<string, number> = {};
    for (const [name, ask] of asks) answers[name] = (await ask(agent, id)).status;
    return answers;
  };
  const all = (status: number) => Object.fromEntries(asks.map(([name]) => [name, status]));
  const shown = {
    ...all(200),
    'a part of it': 206,
    'it if changed': 304,
    // Referrers may not delete reports.
    'its deletion': 403,
    'the page for it': 403,
  };
  /** Every list of the booking: JSON, the page, the fragment, and the poll of an open page. */
  const listed = async (agent: Agent, bookingId: string, id: string): Promise<boolean[]> => {
    const html = (path: string) => agent.get(path).set('Accept', 'text/html');
    const answers = [
      await agent.get(`/bookings/${bookingId}`).expect(200),
      await html(`/bookings/${bookingId}`).expect(200),
      await html(`/bookings/${bookingId}/documents`).set('HX-Request-Type', 'partial').expect(200),
      await html(`/bookings/${bookingId}/status?seen=&documents=none`)
        .set('HX-Request-Type', 'partial')
        .expect(200),
    ];
    return answers.map(({ text }) => text.includes(id));
  };
  const hidden = [false, false, false, false];
  const everywhere = [true, true, true, true];

  it('a draft answers 404 everywhere when a referrer, or an admin acting as one, asks for it', async () => {
    const bookingId = await fixture.newBooking();
    const draft = await opened.aReport(bookingId);
    for (const agent of [agents.rita, agents.rob, agents.nadia, acting]) {
      expect(await told(agent, draft.id)).to.deep.equal(all(404));
      expect(await told(agent, unknownId)).to.deep.equal(all(404));
    }
    for (const agent of [agents.rita, agents.rob, acting])
      expect(await listed(agent, bookingId, draft.id)).to.deep.equal(hidden);
    const page = await agents.rita.get(`/bookings/${bookingId}`).set('Accept', 'text/html');
    expect(page.text)
      .to.contain('No documents yet.')
      .and.not.match(/draft|Report\.pdf|release/i);
  });

  it('a draft answers a referrer in the same words as a document that was never there', async () => {
    const draft = await opened.aReport();
    for (const [name, ask] of asks) {
      const words = async (id: string) => withoutIds((await ask(agents.rita, id)).text ?? '');
      expect(await words(draft.id), name).to.equal(await words(unknownId));
    }
  });

  it('a draft is listed and opens when support or an admin asks for it', async () => {
    const bookingId = await fixture.newBooking();
    const draft = await opened.aReport(bookingId);
    for (const agent of [agents.sam, agents.ada]) {
      expect(await listed(agent, bookingId, draft.id)).to.deep.equal(everywhere);
      await agent.get(draft.url).expect(200);
      await agent.get(`${draft.url}/receipt`).set('Accept', 'text/html').expect(200);
    }
    const [seen] = (await agents.sam.get(`/bookings/${bookingId}`)).body.documents as UploadedDocument[];
    expect(seen).to.deep.include({ id: draft.id, releasedAt: null });
  });

  it('a report is shown to the organisation alone while it is released, and answers 404 when it is recalled', async () => {
    const bookingId = await fixture.newBooking();
    const report = await opened.released(bookingId);
    for (const agent of [agents.rita, agents.rob, acting]) {
      expect(await told(agent, report.id)).to.deep.equal(shown);
      expect(await listed(agent, bookingId, report.id)).to.deep.equal(everywhere);
    }
    expect(await told(agents.nadia, report.id)).to.deep.equal(all(404));
    await opened.recall(report).expect(200);
    for (const agent of [agents.rita, agents.rob, acting]) {
      expect(await told(agent, report.id)).to.deep.equal(all(404));
      expect(await listed(agent, bookingId, report.id)).to.deep.equal(hidden);
    }
  });

  it('the list’s state changes when a report is released or recalled', async () => {
    const bookingId = await fixture.newBooking();
    const report = await opened.aReport(bookingId);
    const state = async (agent: Agent) => {
      const { text } = await agent.get(`/bookings/${bookingId}`).set('Accept', 'text/html').expect(200);
      return /id="documents-seen"[^>]*value="([^"]*)"/.exec(text)?.[1];
    };
    const before = [await state(agents.rita), await state(agents.sam)];
    await opened.release(report).expect(200);
    const during = [await state(agents.rita), await state(agents.sam)];
    await opened.recall(report).expect(200);
    const after = [await state(agents.rita), await state(agents.sam)];
    expect(during[0]).not.to.equal(before[0]);
    expect(during[1]).not.to.equal(before[1]);
    expect(after).to.deep.equal(before);
  });

  it('documents of other categories are shown at once when staff upload them', async () => {
    const bookingId = await fixture.newBooking();
    for (const category of ['consent_form', 'brief', 'other']) {
      const [document] = await fixture.upload(
        { [`${category}.txt`]: samples.txt },
        { category, agent: agents.sam, bookingId },
      );
      expect(document).not.to.have.property('releasedAt');
      await agents.rita.get(document?.url ?? '').expect(200);
    }
  });

  it('the access check names the release when that alone hides a report', async () => {
    const report = await opened.aReport();
    const { db } = fixture.app;
    const refusedBy = async (name: 'rita' | 'sam') => {
      const accountStatus = await accountStatusOf(db, opened.emails[name]);
      if (!accountStatus) throw new Error(`${name} is nobody`);
      const { isAllowed, steps } = await explainAccess(accountStatus, {
        for: 'people',
        rules: documentRules(db, report.id, 'open'),
      });
      return isAllowed ? null : `${steps.at(-1)?.rule}: ${steps.at(-1)?.finding}`;
    };
    expect(await refusedBy('rita')).to.equal(
      'Referrers see a report once staff have released it: It is not released yet, or was recalled',
    );
    expect(await refusedBy('sam')).to.equal(null);
    await opened.release(report).expect(200);
    expect(await refusedBy('rita')).to.equal(null);
  });
});
