// Releasing and recalling reports: who may, which documents, the audit rows, who is told, and repeated, concurrent or
// reordered requests.
import { expect } from 'chai';
import type { Agent } from '../support/app.ts';
import { samples } from '../support/builders/files.ts';
import type { DocumentFixture } from '../support/document-fixture.ts';
import { openReleaseFixture, type ReleaseFixture } from '../support/release-fixture.ts';
import { untilBlocked } from '../support/locks.ts';

const unknownId = '0192f000-0000-7000-8000-000000000009';

describe('the release of a report', function () {
  this.timeout(60_000);
  let fixture: DocumentFixture;
  let opened: ReleaseFixture;
  let acting: Agent;
  let agents: ReleaseFixture['agents'];
  let ids: ReleaseFixture['ids'];
  before(async () => {
    opened = await openReleaseFixture();
    ({ fixture, acting, agents, ids } = opened);
  });
  after(() => fixture.close());

  describe('by staff', () => {
    it('release and recall answer 403 when a referrer asks, whatever the id', async () => {
      const report = await opened.released();
      for (const agent of [agents.rita, agents.nadia, acting])
        for (const id of [report.id, unknownId])
          for (const verb of ['release', 'recall']) {
            const answer = await agent.post(`/documents/${id}/${verb}`).send({});
            expect([answer.status, (answer.body as { code: string }).code]).to.deep.equal([403, 'forbidden']);
          }
      await fixture.app.anonymous().post(`/documents/${report.id}/release`).send({}).expect(401);
      await agents.rita.get(report.url).expect(200);
    });

    it('release and recall answer with the document when support or an admin asks', async () => {
      for (const agent of [agents.sam, agents.ada]) {
        const report = await opened.aReport();
        const { body } = await opened.release(report, {}, agent).expect(200);
        expect(body).to.have.all.keys('document');
        expect(body.document).to.include({ id: report.id, category: 'report' });
        expect(Date.parse(body.document.releasedAt as string)).to.be.closeTo(Date.now(), 60_000);
        const back = await opened.recall(report, agent).expect(200);
        expect(back.body.document).to.include({ id: report.id, releasedAt: null });
      }
    });

    it('release is refused when another request changes the category meanwhile', async () => {
      const { db } = fixture.app;
      const report = await opened.aReport();
      const released = await db.transaction(async (trx) => {
        await trx('documents').where({ id: report.id }).update({ category: 'brief' });
        const answer = opened.release(report).then(({ status }) => status);
        await untilBlocked(db);
        return { answer };
      });
      expect(await released.answer).to.equal(422);
      expect((await db('documents').where({ id: report.id }).first('released_at'))?.released_at).to.equal(
        null,
      );
    });

    it('release and recall are refused when the document is unknown, deleted or no report', async () => {
      for (const verb of ['release', 'recall']) {
        await agents.sam.post(`/documents/${unknownId}/${verb}`).send({}).expect(404);
        await agents.sam.post(`/documents/nonsense/${verb}`).send({}).expect(404);
        const [brief] = await fixture.upload({ 'Brief.txt': samples.txt });
        const { status, body } = await agents.sam.post(`${brief?.url}/${verb}`).send({});
        expect([status, body.errors]).to.deep.equal([
          422,
          [{ path: 'category', message: 'Only reports can be released and recalled' }],
        ]);
        const gone = await opened.aReport();
        await agents.ada.delete(gone.url).expect(204);
        await agents.sam.post(`${gone.url}/${verb}`).send({}).expect(404);
      }
    });

    for (const [because, change] of [
      ['checking', { status: 'checking' }],
      ['infected', { status: 'infected', scanned_at: new Date() }],
      ['damaged', { damaged_at: new Date() }],
    ] as const) {
      it(`release is refused and says why when the report is ${because}`, async () => {
        const report = await opened.aReport();
        await fixture.app.db('documents').where({ id: report.id }).update(change);
        const answer = await opened.release(report);
        expect(answer.status).to.equal(409);
        expect(answer.body).to.include({ code: 'document_unavailable', because });
        expect(answer.body.detail).to.match(/report/);
        const page = await agents.sam.get(`${report.url}/release`).set('Accept', 'text/html');
        expect(page.status).to.equal(409);
        expect(await opened.releasesOf(report)).to.deep.equal([]);
        await agents.rita.get(report.url).expect(404);
      });
    }

    it('recall works when the report has been damaged since', async () => {
      const report = await opened.released();
      await fixture.app.db('documents').where({ id: report.id }).update({ damaged_at: new Date() });
      await agents.rita.get(report.url).expect(409);
      await opened.recall(report).expect(200);
      await agents.rita.get(report.url).expect(404);
    });

    it('release ends when the report is deleted', async () => {
      const report = await opened.released();
      await agents.ada.delete(report.url).expect(204);
      await agents.rita.get(report.url).expect(404);
      await opened.recall(report).expect(404);
      await opened.release(report).expect(404);
    });
  });

  describe('on record', () => {
    it('the audit log names who released and who was chosen when a report is released', async () => {
      const report = await opened.aReport();
      await opened.release(report, { recipients: [ids.rob, ids.rita, ids.rob] }).expect(200);
      const [row] = await opened.releasesOf(report);
      expect(row).to.deep.include({ outcome: 'success', actor_id: ids.sam, acting_as_id: null });
      expect(row?.metadata).to.deep.equal({ bookingId: fixture.bookingId, recipients: [ids.rob, ids.rita] });
      const stored = (await fixture.app.db('documents').where({ id: report.id }).first()) as {
        released_by_id: string;
      };
      expect(stored.released_by_id).to.equal(ids.sam);
    });

    it('the receipt shows each release, recall and opening when a report was released twice', async () => {
      const report = await opened.aReport();
      await agents.ada.get(report.url).expect(200);
      await opened.release(report, { recipients: [ids.rob] }).expect(200);
      await agents.rita.get(report.url).expect(200);
      await opened.recall(report, agents.ada).expect(200);
      await opened.release(report).expect(200);
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

    it('the receipt hides who was chosen when they are of another organisation than the reader', async () => {
      const bookingId = await fixture.newBooking();
      const report = await opened.aReport(bookingId);
      await opened.release(report, { recipients: [ids.rita] }).expect(200);
      const { organization_id: northside } = (await fixture.app
        .db('members')
        .where({ user_id: ids.nadia })
        .first('organization_id')) as { organization_id: string };
      await fixture.app.db.transaction(async (trx) => {
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

    it('the audit log has no row when a release or recall changed nothing', async () => {
      const report = await opened.aReport();
      await opened.recall(report).expect(200);
      await opened.release(report).expect(200);
      await opened.release(report, {}, agents.ada).expect(200);
      expect([
        (await opened.releasesOf(report)).length,
        (await opened.recallsOf(report)).length,
      ]).to.deep.equal([1, 0]);
    });

    it('the receipt counts a report as released when its release was never recorded', async () => {
      const report = await opened.aReport();
      const { db } = fixture.app;
      // As the migration writes it, without a row in the audit log.
      await db('documents')
        .where({ id: report.id })
        .update({ released_at: db.raw('created_at'), releases: 1 });
      await agents.rita.get(report.url).expect(200);
      const { text } = await agents.sam.get(`${report.url}/receipt`).set('Accept', 'text/html').expect(200);
      expect(text).to.contain('Downloaded while released');
    });
  });

  describe('and its recipients', () => {
    const recipientsOf = async (report: { id: string }) =>
      (await opened.releasesOf(report)).map(({ metadata }) => metadata.recipients);

    it('release tells the booker when nobody is named, and nobody when the list is empty', async () => {
      const [usual, none] = [await opened.aReport(), await opened.aReport()];
      await opened.release(usual).expect(200);
      await opened.release(none, { recipients: [] }).expect(200);
      expect(await recipientsOf(usual)).to.deep.equal([[ids.rita]]);
      expect(await recipientsOf(none)).to.deep.equal([[]]);
    });

    it('release refuses recipients by their place when they may not see the report', async () => {
      const report = await opened.aReport();
      const { db } = fixture.app;
      const refused = async (recipients: unknown) => {
        const { status, body } = await opened.release(report, { recipients });
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
      await opened.enter('rob');
      expect(await recipientsOf(report)).to.deep.equal([]);
      await agents.rita.get(report.url).expect(404);
    });

    it('release takes a recipient’s id when it is in capitals', async () => {
      const report = await opened.aReport();
      await opened.release(report, { recipients: [ids.rita.toUpperCase()] }).expect(200);
      expect(await recipientsOf(report)).to.deep.equal([[ids.rita]]);
    });

    it('release leaves the booker out when the account is deactivated', async () => {
      const { db } = fixture.app;
      const report = await opened.aReport();
      await db('users').where({ id: ids.rita }).update({ banned: true });
      await opened.release(report).expect(200);
      await db('users').where({ id: ids.rita }).update({ banned: false });
      await opened.enter('rita');
      expect(await recipientsOf(report)).to.deep.equal([[]]);
    });

    it('release tells nobody when the booking waits to be assigned', async () => {
      const bookingId = await fixture.newBooking(agents.rita);
      const report = await opened.aReport(bookingId);
      await fixture.app
        .db('bookings')
        .where({ id: bookingId })
        .update({ source: 'acuity_direct', organization_id: null, created_by_id: null });
      await opened.release(report, { recipients: [ids.rita] }).expect(422);
      await opened.release(report).expect(200);
      expect(await recipientsOf(report)).to.deep.equal([[]]);
    });
  });

  describe('asked more than once', () => {
    it('release happens once when several ask at the same moment', async () => {
      const report = await opened.aReport();
      const answers = await Promise.all(
        [agents.sam, agents.ada, agents.sam, agents.ada].map((agent) => opened.release(report, {}, agent)),
      );
      expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 200, 200]);
      expect(await opened.releasesOf(report)).to.have.length(1);
      const times = new Set(answers.map(({ body }) => body.document.releasedAt as string));
      expect(times.size).to.equal(1);
    });

    it('release changes nothing when the report is released already', async () => {
      const report = await opened.aReport();
      const first = await opened.release(report).expect(200);
      const second = await opened.release(report, { recipients: [ids.rob] }, agents.ada).expect(200);
      expect(second.body).to.deep.equal(first.body);
      expect((await opened.releasesOf(report)).map(({ metadata }) => metadata.recipients)).to.deep.equal([
        [ids.rita],
      ]);
    });

    it('log and row agree when releases and recalls cross', async () => {
      const report = await opened.aReport();
      await Promise.all([
        opened.release(report),
        opened.recall(report),
        opened.release(report),
        opened.recall(report),
      ]);
      const { released_at: at } = (await fixture.app.db('documents').where({ id: report.id }).first()) as {
        released_at: Date | null;
      };
      const [releases, recalls] = [
        (await opened.releasesOf(report)).length,
        (await opened.recallsOf(report)).length,
      ];
      expect(releases - recalls).to.equal(at === null ? 0 : 1);
      expect((await agents.rita.get(report.url)).status).to.equal(at === null ? 404 : 200);
    });

    it('release ends when the report is deleted at the same moment', async () => {
      const report = await opened.aReport();
      const [one, other] = await Promise.all([opened.release(report), agents.ada.delete(report.url)]);
      expect([200, 404]).to.include(one.status);
      expect(other.status).to.equal(204);
      await agents.rita.get(report.url).expect(404);
    });

    it('release is counted anew when the report was recalled before', async () => {
      const report = await opened.released();
      await opened.recall(report).expect(200);
      await opened.release(report).expect(200);
      expect(await opened.releasesOf(report)).to.have.length(2);
      const { releases } = (await fixture.app.db('documents').where({ id: report.id }).first('releases')) as {
        releases: number;
      };
      expect(releases).to.equal(2);
    });

    it('release leaves nothing when its audit row cannot be written', async () => {
      const report = await opened.aReport();
      await fixture.app.database.owner.raw(`
        create function no_release() returns trigger language plpgsql as
          $$ begin if new.action = 'document.released' then raise exception 'The disk is full'; end if; return new; end $$;
        create trigger no_release before insert on audit_log for each row execute function no_release()`);
      try {
        await opened.release(report).expect(500);
      } finally {
        await fixture.app.database.owner.raw('drop function no_release cascade');
      }
      await agents.rita.get(report.url).expect(404);
      await opened.release(report).expect(200);
    });
  });

  it('the database refuses a release when the document is no report', async () => {
    const [brief] = await fixture.upload({ 'Brief.txt': samples.txt });
    const error = (await fixture.app
      .db('documents')
      .where({ id: brief?.id })
      .update({ released_at: new Date(), releases: 1 })
      .catch((one: unknown) => one)) as { constraint?: string };
    expect(error.constraint).to.equal('documents_released');
  });
});
