// A report is a draft until staff release it: who sees what before, meanwhile and after, and what happens when it is
// asked twice, at once, in another order, or of what cannot be released.
import { expect } from 'chai';
import { explainAccess, documentRules } from '../../../src/access/index.ts';
import { standingOf } from '../../../src/accounts/index.ts';
import { pdf, samples } from '../../support/builders/files.ts';
import {
  openDocumentHouse,
  type DocumentHouse,
  type UploadedDocument,
} from '../../support/document-house.ts';
import type { Agent } from '../../support/app.ts';

const unknownId = '0192f000-0000-7000-8000-000000000009';
const emails = {
  rita: 'rita@harbour-legal.example',
  rob: 'rob@harbour-legal.example',
  nadia: 'nadia@northside-claims.example',
  sam: 'sam@examdesk.example',
  ada: 'ada@examdesk.example',
} as const;
type Name = keyof typeof emails;

describe('the release of a report', function () {
  this.timeout(60_000);
  let house: DocumentHouse;
  let acting: Agent;
  const agents = {} as Record<Name, Agent>;
  const ids = {} as Record<Name, string>;

  before(async () => {
    house = await openDocumentHouse();
    for (const name of Object.keys(emails) as Name[]) {
      agents[name] = await house.app.signIn(emails[name]);
      const row = (await house.app.db('users').where({ email: emails[name] }).first('id')) as { id: string };
      ids[name] = row.id;
    }
    acting = await house.app.signIn(emails.ada);
    await acting.post('/admin/impersonate').send({ userId: ids.rita, reason: 'Checks a report' }).expect(200);
  });
  after(() => house.close());

  const aReport = async (bookingId = house.bookingId): Promise<UploadedDocument> => {
    const [report] = await house.upload(
      { 'Report.pdf': pdf(2_000) },
      { category: 'report', agent: agents.sam, bookingId },
    );
    if (!report) throw new Error('Nothing was stored');
    return report;
  };
  const release = (report: { id: string }, body: object = {}, agent = agents.sam) =>
    agent.post(`/documents/${report.id}/release`).send(body);
  const recall = (report: { id: string }, agent = agents.sam) =>
    agent.post(`/documents/${report.id}/recall`).send({});
  const released = async (bookingId?: string): Promise<UploadedDocument> => {
    const report = await aReport(bookingId);
    await release(report).expect(200);
    return report;
  };
  const releasesOf = async ({ id }: { id: string }) =>
    (await house.audit('document.released')).filter(({ resource_id }) => resource_id === id);
  const recallsOf = async ({ id }: { id: string }) =>
    (await house.audit('document.recalled')).filter(({ resource_id }) => resource_id === id);

  describe('decides who sees it', () => {
    /** Every address that says anything of a document, with its id or another. */
    const asks: [
      name: string,
      ask: (agent: Agent, id: string) => Promise<{ status: number; text: string }>,
    ][] = [
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
      // A report is not theirs to delete.
      'its deletion': 403,
      'the page for it': 403,
    };
    /** Every list of the booking: JSON, the page, the fragment, and what the open page is told. */
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
    const nowhere = [false, false, false, false];
    const everywhere = [true, true, true, true];

    it('hides a draft from every referrer, and from an admin acting as one, as if it were not there', async () => {
      const bookingId = await house.newBooking();
      const draft = await aReport(bookingId);
      for (const agent of [agents.rita, agents.rob, agents.nadia, acting]) {
        expect(await told(agent, draft.id)).to.deep.equal(all(404));
        expect(await told(agent, unknownId)).to.deep.equal(all(404));
      }
      for (const agent of [agents.rita, agents.rob, acting])
        expect(await listed(agent, bookingId, draft.id)).to.deep.equal(nowhere);
      const page = await agents.rita.get(`/bookings/${bookingId}`).set('Accept', 'text/html');
      expect(page.text)
        .to.contain('No documents yet.')
        .and.not.match(/draft|Report\.pdf|release/i);
    });

    it('answers for a draft in the same words as for what was never there', async () => {
      const draft = await aReport();
      for (const [name, ask] of asks) {
        const words = async (id: string) =>
          (await ask(agents.rita, id)).text?.replaceAll(/[0-9a-f-]{36}|<code>.*?<\/code>/g, 'id');
        expect(await words(draft.id), name).to.equal(await words(unknownId));
      }
    });

    it('shows a draft to support and to admins, who open it', async () => {
      const bookingId = await house.newBooking();
      const draft = await aReport(bookingId);
      for (const agent of [agents.sam, agents.ada]) {
        expect(await listed(agent, bookingId, draft.id)).to.deep.equal(everywhere);
        await agent.get(draft.url).expect(200);
        await agent.get(`${draft.url}/receipt`).set('Accept', 'text/html').expect(200);
      }
      const [seen] = (await agents.sam.get(`/bookings/${bookingId}`)).body.documents as UploadedDocument[];
      expect(seen).to.deep.include({ id: draft.id, releasedAt: null });
    });

    it('shows a released report to the organisation alone, and hides it again once it is recalled', async () => {
      const bookingId = await house.newBooking();
      const report = await released(bookingId);
      for (const agent of [agents.rita, agents.rob, acting]) {
        expect(await told(agent, report.id)).to.deep.equal(shown);
        expect(await listed(agent, bookingId, report.id)).to.deep.equal(everywhere);
      }
      expect(await told(agents.nadia, report.id)).to.deep.equal(all(404));
      await recall(report).expect(200);
      for (const agent of [agents.rita, agents.rob, acting]) {
        expect(await told(agent, report.id)).to.deep.equal(all(404));
        expect(await listed(agent, bookingId, report.id)).to.deep.equal(nowhere);
      }
    });

    it('tells an open page of each release and recall', async () => {
      const bookingId = await house.newBooking();
      const report = await aReport(bookingId);
      const state = async (agent: Agent) => {
        const { text } = await agent.get(`/bookings/${bookingId}`).set('Accept', 'text/html').expect(200);
        return /id="documents-seen"[^>]*value="([^"]*)"/.exec(text)?.[1];
      };
      const before = [await state(agents.rita), await state(agents.sam)];
      await release(report).expect(200);
      const during = [await state(agents.rita), await state(agents.sam)];
      await recall(report).expect(200);
      const after = [await state(agents.rita), await state(agents.sam)];
      expect(during[0]).not.to.equal(before[0]);
      expect(during[1]).not.to.equal(before[1]);
      expect(after).to.deep.equal(before);
    });

    it('leaves every other category as it was', async () => {
      const bookingId = await house.newBooking();
      for (const category of ['consent_form', 'brief', 'other']) {
        const [document] = await house.upload(
          { [`${category}.txt`]: samples.txt },
          { category, agent: agents.sam, bookingId },
        );
        expect(document).not.to.have.property('releasedAt');
        await agents.rita.get(document?.url ?? '').expect(200);
      }
    });

    it('is explained by the check of access', async () => {
      const report = await aReport();
      const { db } = house.app;
      const refusedBy = async (name: Name) => {
        const standing = await standingOf(db, emails[name]);
        if (!standing) throw new Error(`${name} is nobody`);
        const { isAllowed, steps } = await explainAccess(standing, {
          for: 'people',
          rules: documentRules(db, report.id, 'open'),
        });
        return isAllowed ? null : `${steps.at(-1)?.rule}: ${steps.at(-1)?.finding}`;
      };
      expect(await refusedBy('rita')).to.equal(
        'Referrers see a report once staff have released it: It is not released yet, or was recalled',
      );
      expect(await refusedBy('sam')).to.equal(null);
      await release(report).expect(200);
      expect(await refusedBy('rita')).to.equal(null);
    });
  });

  describe('is the staff’s to give', () => {
    it('is refused to referrers, whatever they name', async () => {
      const report = await released();
      for (const agent of [agents.rita, agents.nadia, acting])
        for (const id of [report.id, unknownId])
          for (const verb of ['release', 'recall']) {
            const answer = await agent.post(`/documents/${id}/${verb}`).send({});
            expect([answer.status, (answer.body as { code: string }).code]).to.deep.equal([403, 'forbidden']);
          }
      await house.app.anonymous().post(`/documents/${report.id}/release`).send({}).expect(401);
      await agents.rita.get(report.url).expect(200);
    });

    it('answers support and admins with the document and when it was released', async () => {
      for (const agent of [agents.sam, agents.ada]) {
        const report = await aReport();
        const { body } = await release(report, {}, agent).expect(200);
        expect(body).to.have.all.keys('document');
        expect(body.document).to.include({ id: report.id, category: 'report' });
        expect(Date.parse(body.document.releasedAt as string)).to.be.closeTo(Date.now(), 60_000);
        const back = await recall(report, agent).expect(200);
        expect(back.body.document).to.include({ id: report.id, releasedAt: null });
      }
    });

    it('is refused for what is unknown, deleted, or no report', async () => {
      for (const verb of ['release', 'recall']) {
        await agents.sam.post(`/documents/${unknownId}/${verb}`).send({}).expect(404);
        await agents.sam.post(`/documents/nonsense/${verb}`).send({}).expect(404);
        const [brief] = await house.upload({ 'Brief.txt': samples.txt });
        const { status, body } = await agents.sam.post(`${brief?.url}/${verb}`).send({});
        expect([status, body.errors]).to.deep.equal([
          422,
          [{ path: 'category', message: 'Only reports are released and recalled' }],
        ]);
        const gone = await aReport();
        await agents.ada.delete(gone.url).expect(204);
        await agents.sam.post(`${gone.url}/${verb}`).send({}).expect(404);
      }
    });

    for (const [because, change] of [
      ['checking', { status: 'checking' }],
      ['infected', { status: 'infected', scanned_at: new Date() }],
      ['damaged', { damaged_at: new Date() }],
    ] as const) {
      it(`is refused, and says why, while the report is ${because}`, async () => {
        const report = await aReport();
        await house.app.db('documents').where({ id: report.id }).update(change);
        const answer = await release(report);
        expect(answer.status).to.equal(409);
        expect(answer.body).to.include({ code: 'document_unavailable', because });
        expect(answer.body.detail).to.match(/report/);
        const page = await agents.sam.get(`${report.url}/release`).set('Accept', 'text/html');
        expect(page.status).to.equal(409);
        expect(await releasesOf(report)).to.deep.equal([]);
        await agents.rita.get(report.url).expect(404);
      });
    }

    it('can be taken back of a report that is damaged since', async () => {
      const report = await released();
      await house.app.db('documents').where({ id: report.id }).update({ damaged_at: new Date() });
      await agents.rita.get(report.url).expect(409);
      await recall(report).expect(200);
      await agents.rita.get(report.url).expect(404);
    });

    it('ends with the report, when that is deleted', async () => {
      const report = await released();
      await agents.ada.delete(report.url).expect(204);
      await agents.rita.get(report.url).expect(404);
      await recall(report).expect(404);
      await release(report).expect(404);
    });
  });

  describe('is on record', () => {
    it('names who released it, who was told, and nothing of the examinee', async () => {
      const report = await aReport();
      await release(report, { recipients: [ids.rob, ids.rita, ids.rob] }).expect(200);
      const [row] = await releasesOf(report);
      expect(row).to.deep.include({ outcome: 'success', actor_id: ids.sam, acting_as_id: null });
      expect(row?.metadata).to.deep.equal({ bookingId: house.bookingId, recipients: [ids.rob, ids.rita] });
      const stored = (await house.app.db('documents').where({ id: report.id }).first()) as {
        released_by_id: string;
      };
      expect(stored.released_by_id).to.equal(ids.sam);
    });

    it('keeps each release and recall in the receipt, and who opened it while it was released', async () => {
      const report = await aReport();
      await agents.ada.get(report.url).expect(200);
      await release(report, { recipients: [ids.rob] }).expect(200);
      await agents.rita.get(report.url).expect(200);
      await recall(report, agents.ada).expect(200);
      await release(report).expect(200);
      const timeline = async (agent: Agent) => {
        const { text } = await agent.get(`${report.url}/receipt`).set('Accept', 'text/html').expect(200);
        return [
          ...text.matchAll(/timeline-what">([^<]+)<\/p>.*?<\/time> · ([^<]+)<\/p>(?:<p [^>]+>([^<]+))?/g),
        ].map(([, what, who, told]) => [what, who, ...(told ? [told] : [])].join(' · '));
      };
      const expected = [
        'Received · Sam Whitlock',
        'Downloaded as a draft · Ada Lindqvist',
        'Released · Sam Whitlock · Chosen to be told: Rob Petersen',
        'Downloaded while released · Rita Alvarez',
        'Recalled · Ada Lindqvist',
        'Released · Sam Whitlock · Chosen to be told: Rita Alvarez',
      ];
      expect(await timeline(agents.sam)).to.deep.equal(expected);
      expect(await timeline(agents.rita)).to.deep.equal(expected);
    });

    it('shows a referrer no names of another organisation that had the booking before', async () => {
      const bookingId = await house.newBooking();
      const report = await aReport(bookingId);
      await release(report, { recipients: [ids.rita] }).expect(200);
      const { organization_id: northside } = (await house.app
        .db('members')
        .where({ user_id: ids.nadia })
        .first('organization_id')) as { organization_id: string };
      await house.app.db.transaction(async (trx) => {
        await trx('bookings')
          .where({ id: bookingId })
          .update({ organization_id: northside, created_by_id: ids.nadia });
      });
      const receipt = (agent: Agent) => agent.get(`${report.url}/receipt`).set('Accept', 'text/html');
      expect((await receipt(agents.nadia).expect(200)).text)
        .to.contain('Released')
        .and.not.contain('Rita');
      expect((await receipt(agents.sam).expect(200)).text).to.contain('Chosen to be told: Rita Alvarez');
    });

    it('has no row for what changed nothing', async () => {
      const report = await aReport();
      await recall(report).expect(200);
      await release(report).expect(200);
      await release(report, {}, agents.ada).expect(200);
      expect([(await releasesOf(report)).length, (await recallsOf(report)).length]).to.deep.equal([1, 0]);
    });

    it('treats reports from before this was recorded as released since they were uploaded', async () => {
      const report = await aReport();
      const { db } = house.app;
      // As the migration writes them: no row of the log says so.
      await db('documents')
        .where({ id: report.id })
        .update({ released_at: db.ref('created_at'), releases: 1 });
      await agents.rita.get(report.url).expect(200);
      const { text } = await agents.sam.get(`${report.url}/receipt`).set('Accept', 'text/html').expect(200);
      expect(text).to.contain('Downloaded while released');
    });
  });

  describe('tells those who are chosen', () => {
    const toldOf = async (report: { id: string }) =>
      (await releasesOf(report)).map(({ metadata }) => metadata.recipients);

    it('is the booker unless somebody is named, and nobody when the list is empty', async () => {
      const [usual, none] = [await aReport(), await aReport()];
      await release(usual).expect(200);
      await release(none, { recipients: [] }).expect(200);
      expect(await toldOf(usual)).to.deep.equal([[ids.rita]]);
      expect(await toldOf(none)).to.deep.equal([[]]);
    });

    it('refuses who is of another organisation, of the staff, unknown or deactivated, by their place', async () => {
      const report = await aReport();
      const { db } = house.app;
      const refused = async (recipients: unknown) => {
        const { status, body } = await release(report, { recipients });
        return [status, (body.errors as { path: string }[] | undefined)?.map(({ path }) => path)];
      };
      expect(await refused([ids.rita, ids.nadia, ids.sam, unknownId])).to.deep.equal([
        422,
        ['recipients.1', 'recipients.2', 'recipients.3'],
      ]);
      expect(await refused(['Rita'])).to.deep.equal([422, ['recipients.0']]);
      expect(await refused(ids.rita)).to.deep.equal([422, ['recipients']]);
      expect(await refused(Array.from({ length: 101 }, () => ids.rita))).to.deep.equal([422, ['recipients']]);
      await db('users').where({ id: ids.rob }).update({ banned: true });
      expect(await refused([ids.rob])).to.deep.equal([422, ['recipients.0']]);
      await db('users').where({ id: ids.rob }).update({ banned: false });
      agents.rob = await house.app.signIn(emails.rob);
      expect(await toldOf(report)).to.deep.equal([]);
      await agents.rita.get(report.url).expect(404);
    });

    it('takes an id in capitals for the same person', async () => {
      const report = await aReport();
      await release(report, { recipients: [ids.rita.toUpperCase()] }).expect(200);
      expect(await toldOf(report)).to.deep.equal([[ids.rita]]);
    });

    it('leaves the booker out who has left the organisation or was deactivated', async () => {
      const { db } = house.app;
      const report = await aReport();
      await db('users').where({ id: ids.rita }).update({ banned: true });
      await release(report).expect(200);
      await db('users').where({ id: ids.rita }).update({ banned: false });
      agents.rita = await house.app.signIn(emails.rita);
      acting = await house.app.signIn(emails.ada);
      await acting.post('/admin/impersonate').send({ userId: ids.rita, reason: 'Again' }).expect(200);
      expect(await toldOf(report)).to.deep.equal([[]]);
    });

    it('tells nobody while the booking waits to be assigned', async () => {
      const bookingId = await house.newBooking(agents.rita);
      const report = await aReport(bookingId);
      await house.app
        .db('bookings')
        .where({ id: bookingId })
        .update({ source: 'acuity_direct', organization_id: null, created_by_id: null });
      await release(report, { recipients: [ids.rita] }).expect(422);
      await release(report).expect(200);
      expect(await toldOf(report)).to.deep.equal([[]]);
    });
  });

  describe('that is asked more than once', () => {
    it('happens once when two ask at the same moment', async () => {
      const report = await aReport();
      const answers = await Promise.all(
        [agents.sam, agents.ada, agents.sam, agents.ada].map((agent) => release(report, {}, agent)),
      );
      expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200, 200]);
      expect(await releasesOf(report)).to.have.length(1);
      const times = new Set(answers.map(({ body }) => body.document.releasedAt as string));
      expect(times.size).to.equal(1);
    });

    it('changes nothing the second time, whomever it names', async () => {
      const report = await aReport();
      const first = await release(report).expect(200);
      const second = await release(report, { recipients: [ids.rob] }, agents.ada).expect(200);
      expect(second.body).to.deep.equal(first.body);
      expect((await releasesOf(report)).map(({ metadata }) => metadata.recipients)).to.deep.equal([
        [ids.rita],
      ]);
    });

    it('ends as the last of them says when releases and recalls cross', async () => {
      const report = await aReport();
      await Promise.all([release(report), recall(report), release(report), recall(report)]);
      const { released_at: at } = (await house.app.db('documents').where({ id: report.id }).first()) as {
        released_at: Date | null;
      };
      const [releases, recalls] = [(await releasesOf(report)).length, (await recallsOf(report)).length];
      expect(releases - recalls).to.equal(at === null ? 0 : 1);
      expect((await agents.rita.get(report.url)).status).to.equal(at === null ? 404 : 200);
    });

    it('is either released or gone when it is deleted at the same moment', async () => {
      const report = await aReport();
      const [one, other] = await Promise.all([release(report), agents.ada.delete(report.url)]);
      expect([200, 404]).to.include(one.status);
      expect(other.status).to.equal(204);
      await agents.rita.get(report.url).expect(404);
    });

    it('is a release of its own after a recall', async () => {
      const report = await released();
      await recall(report).expect(200);
      await release(report).expect(200);
      expect(await releasesOf(report)).to.have.length(2);
      const { releases } = (await house.app.db('documents').where({ id: report.id }).first('releases')) as {
        releases: number;
      };
      expect(releases).to.equal(2);
    });

    it('leaves nothing of itself when it cannot be written down', async () => {
      const report = await aReport();
      await house.app.db.raw(`
        create function no_release() returns trigger language plpgsql as
          $$ begin if new.action = 'document.released' then raise exception 'The disk is full'; end if; return new; end $$;
        create trigger no_release before insert on audit_log for each row execute function no_release()`);
      try {
        await release(report).expect(500);
      } finally {
        await house.app.db.raw('drop function no_release cascade');
      }
      await agents.rita.get(report.url).expect(404);
      await release(report).expect(200);
    });
  });

  it('is refused by the database for what is no report', async () => {
    const [brief] = await house.upload({ 'Brief.txt': samples.txt });
    const error = (await house.app
      .db('documents')
      .where({ id: brief?.id })
      .update({ released_at: new Date(), releases: 1 })
      .catch((one: unknown) => one)) as { constraint?: string };
    expect(error.constraint).to.equal('documents_released');
  });
});
