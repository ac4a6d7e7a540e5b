// The last bytes of an upload have arrived, and the store copies them: rights that end meanwhile count.
import { expect } from 'chai';
import type { Agent } from '../support/app.ts';
import { pdf } from '../support/builders/files.ts';
import { sendDirectly } from '../support/direct-upload.ts';
import { nothing, openDocumentFixture, type DocumentFixture } from '../support/document-fixture.ts';

const rita = 'rita@harbour-legal.example';

describe('an upload whose files are being copied', () => {
  let fixture: DocumentFixture;
  let atStep: { step: string; work: () => Promise<unknown> } | null = null;
  before(async () => {
    fixture = await openDocumentFixture({
      overrides: {
        documents: {
          async onStep(step) {
            if (atStep?.step !== step) return;
            const { work } = atStep;
            atStep = null;
            await work();
          },
        },
      },
    });
  });
  after(() => fixture.close());
  afterEach(async () => {
    expect(atStep, 'the step was reached').to.equal(null);
    await fixture.app.database.owner.raw('truncate documents, direct_uploads, emails');
    const { server, bucket } = fixture.storage;
    for (const key of await fixture.storage.keys()) await server.files.remove(bucket, key);
  });

  const idOf = async (email: string) =>
    (await fixture.app.db('users').where({ email }).first<{ id: string }>('id')).id;
  const actAsRita = async (): Promise<Agent> => {
    const acting = await fixture.app.signIn('ada@examdesk.example');
    const reason = 'Sends the brief for Rita, who is on the phone';
    await acting
      .post('/admin/impersonate')
      .send({ userId: await idOf(rita), reason })
      .expect(200);
    return acting;
  };

  for (const step of ['verified', 'copied']) {
    it(`is refused and leaves nothing when acting has ended (${step})`, async () => {
      const acting = await actAsRita();
      atStep = { step, work: () => acting.post('/admin/exit-impersonation').send({}).expect(200) };
      const answer = await fixture.send({ 'a.pdf': pdf() }, { agent: acting });
      expect([answer.status, (answer.body as { code?: string }).code]).to.deep.equal([401, 'not_signed_in']);
      expect(await fixture.traces()).to.deep.equal(nothing);
    });

    it(`is refused and leaves nothing when the person has left the organisation (${step})`, async () => {
      const { db } = fixture.app;
      const mine = { user_id: await idOf(rita) };
      const before = await db('members').where(mine).first<{ organization_id: string }>('organization_id');
      const other = await db('organizations').where({ name: 'Northside Claims' }).first<{ id: string }>('id');
      const work = () => db('members').where(mine).update({ organization_id: other.id });
      atStep = { step, work };
      try {
        const answer = await fixture.send({ 'a.pdf': pdf() });
        expect([answer.status, (answer.body as { code?: string }).code]).to.deep.equal([404, 'not_found']);
        expect(await fixture.traces()).to.deep.equal(nothing);
      } finally {
        await db('members').where(mine).update(before);
      }
    });
  }

  it('stays open when it is direct and acting has ended, and is completed in the next session', async () => {
    const acting = await actAsRita();
    const upload = await sendDirectly(fixture, pdf(20_000), {}, acting);
    await upload.send();
    atStep = { step: 'copied', work: () => acting.post('/admin/exit-impersonation').send({}).expect(200) };
    await upload.complete(upload.claims, acting).expect(401);
    expect((await fixture.traces()).rows).to.equal(0);
    await upload.complete(upload.claims, await actAsRita()).expect(201);
    expect(await fixture.traces()).to.deep.include({ rows: 1, openUploads: [] });
  });

  it('keeps the session until the commit, and lets other requests record their activity', async () => {
    const { db } = fixture.app;
    const acting = await actAsRita();
    let refused: unknown = null;
    atStep = {
      step: 'in_transaction',
      async work() {
        await db('sessions')
          .whereNotNull('impersonated_by')
          .update({ last_seen_at: db.raw('now()') });
        // What ending the session would wait for.
        const lock = db('sessions').whereNotNull('impersonated_by').forUpdate().noWait().select('id');
        await lock.catch((error: unknown) => (refused = error));
      },
    };
    await fixture.upload({ 'a.pdf': pdf() }, { agent: acting });
    expect(refused).to.have.property('code', '55P03');
  });
});
