import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { createLinkTokens } from '../../src/accounts/index.ts';
import { movedColumns } from '../../src/merging/index.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { aBookingOf } from '../support/console-records.ts';
import { copyDemo, type OwnDemo } from '../support/own-demo.ts';
import type { OwnOrganization, OwnPerson } from '../support/own-people.ts';
import { testSecret } from '../support/session.ts';

/** Of the demo, where nothing changes. */
const demoRita = 'rita@harbour-legal.example';
const demoRob = 'rob@harbour-legal.example';

/** Names of people and organisations that a merge leaves alone, each with its reason. */
const stays: Record<string, string> = {
  'sessions.user_id': 'ended by the merge',
  'sessions.impersonated_by': 'an admin, never merged',
  'accounts.user_id': 'the password of the one that goes serves nobody',
  'member_counts.organization_id': 'follows the members',
  'members.user_id': 'a member of one organisation only: the one that stays is one already',
  'invitations.inviter_id': 'staff',
  'specialists.user_id': 'not a referrer',
  'bookings.created_for_id': 'an admin',
  'booking_progress.changed_for_id': 'an admin',
  'booking_attempts.organization_id': 'kept as it was asked; what comes of it goes to the one that stays',
  'booking_attempts.created_by_id': 'kept as it was asked; what comes of it goes to the one that stays',
  'booking_attempts.created_for_id': 'an admin',
  'booking_drafts.owner_id': 'gone within hours',
  'booking_drafts.organization_id': 'followed when a draft is looked for, and gone within hours',
  'direct_uploads.user_id': 'gone within the day',
  'kept_forms.user_id': 'gone within the hour',
  'kept_forms.admin_id': 'an admin',
  'documents.uploaded_for_id': 'an admin',
  'documents.deleted_by_id': 'history',
  'documents.deleted_for_id': 'history',
  'documents.released_by_id': 'staff',
  'two_factors.user_id': 'of the one that goes, who no longer signs in',
  'used_two_factor_codes.user_id': 'of the one that goes, who no longer signs in',
  'account_links.user_id': 'of the one that goes, who no longer signs in',
  'account_links.created_by_id': 'staff',
  'impersonations.admin_id': 'an admin',
  'impersonations.user_id': 'history',
  'referrer_search.user_id': 'follows the users by trigger',
  'user_activity.user_id': 'when each of the two was here last',
  'booking_contacts.user_id': 'followed when the contacts are read, and back once the merge is undone',
  'booking_contacts.created_by_id': 'history',
  'booking_contacts.created_for_id': 'an admin',
  'booking_messages.created_for_id': 'an admin',
  'booking_message_reads.user_id': 'followed when they are read, and back once the merge is undone',
  'staff_notes.written_by_id': 'staff',
  'booking_seen.user_id': 'what each person has seen: the one that stays has not',
  'calendar_feeds.user_id': 'the one that goes may no longer sign in, and their calendar ends with that',
  'mail_preferences.user_id': 'each person’s own choice: the one that stays keeps theirs',
  'daily_digests.user_id': 'when each of the two had a digest last',
  'emails.recipient_id': 'followed when it is sent: to the one that stays, and back once that is undone',
  'wait_entries.created_for_id': 'an admin',
  'merges.made_by_id': 'an admin',
  'merges.undone_by_id': 'an admin',
  'intake_mappings.saved_by_id': 'an admin',
  'console_views.user_id': 'staff',
  'console_columns.user_id': 'staff',
  'bulk_actions.made_by_id': 'staff',
  'bulk_actions.stopped_by_id': 'staff',
  'drift_items.closed_by_id': 'an admin',
};

describe('merge', () => {
  let app: TestApp;
  let ada: Agent;
  let adaId: string;
  let own: OwnDemo;
  let rita: OwnPerson;
  let rob: OwnPerson;
  let lena: OwnPerson;
  let nadia: OwnPerson;
  let harbour: OwnOrganization;
  let northside: OwnOrganization;

  before(async () => {
    app = await startTestApp();
    ada = await app.signIn('ada@examdesk.example');
    adaId = (await app.db('users').where({ email: 'ada@examdesk.example' }).first('id'))!.id;
  });
  after(() => app.close());
  beforeEach(async () => {
    own = await copyDemo(app.db);
    ({ rita, rob, lena, nadia, harbour, northside } = own);
  });

  const bookingOf = ({ id }: OwnPerson, { id: organizationId }: OwnOrganization) =>
    aBookingOf(app.db, { id, organizationId });
  const post = (agent: Agent, path: string, fields: Record<string, string>) =>
    agent.post(path).set('Accept', 'text/html').type('form').send(fields);
  const merge = (from: OwnPerson, into: OwnPerson) =>
    post(ada, '/admin/merges', {
      kind: 'referrer',
      from: from.email,
      into: into.email,
      reason: 'The same person twice',
    });
  const mergeOrganizations = () =>
    post(ada, '/admin/merges', {
      kind: 'organization',
      from: northside.name,
      into: harbour.name,
      reason: 'The same firm twice',
    });
  /** Those of the test's people and organisations. */
  const merges = () => {
    const ids = Object.values(own).map(({ id }: { id: string }) => id);
    return app.db('merges').whereIn('from_id', ids);
  };
  const lastMerge = async (): Promise<string> => {
    const row = (await merges().orderBy('made_at', 'desc').first('id')) as { id: string };
    return row.id;
  };
  const ownerOf = (bookingId: string): Promise<{ created_by_id: string; version: number }> =>
    app.db('bookings').where({ id: bookingId }).first('created_by_id', 'version');

  it('lists every foreign key to people and organisations', async () => {
    const { rows } = await app.db.raw<{ rows: { name: string }[] }>(`
      select c.conrelid::regclass || '.' || a.attname as name
      from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
      where c.contype = 'f' and c.confrelid in ('users'::regclass, 'organizations'::regclass)`);
    const moved: readonly string[] = [...movedColumns.referrer, ...movedColumns.organization];
    const undecided = rows
      .map(({ name }) => name)
      .filter((name) => !moved.includes(name) && !(name in stays));
    expect(undecided).to.deep.equal([]);
  });

  it('previews what would move, and moves nothing', async () => {
    const bookingId = await bookingOf(rob, harbour);
    const { text } = await post(ada, '/admin/merges/preview', {
      kind: 'referrer',
      from: rob.email,
      into: rita.email,
    }).expect(200);
    expect(text).to.match(/Bookings<\/dt><dd>1 moved/);
    expect(text).not.to.match(/<dd>0 moved/);
    expect((await ownerOf(bookingId)).created_by_id).to.equal(rob.id);
    expect(await merges()).to.deep.equal([]);
  });

  it('previews what would move for an organisation', async () => {
    await bookingOf(nadia, northside);
    const fields = { kind: 'organization', from: northside.name.toLowerCase(), into: harbour.name };
    const { text } = await post(ada, '/admin/merges/preview', fields).expect(200);
    expect(text).to.contain(`Merge ${northside.name} into ${harbour.name}`);
    expect(text).to.match(/Members<\/dt><dd>1 moved/);
    expect(text).to.match(/Bookings<\/dt><dd>1 moved/);
    expect(text).to.contain(`Every member of ${northside.name} will see the bookings of ${harbour.name}`);
    const members = await app.db('members').where({ organization_id: northside.id });
    expect(members).to.have.length(1);
  });

  it('moves a referrer’s bookings, and ends their sessions', async () => {
    const bookingId = await bookingOf(rob, harbour);
    const robAgent = await app.signIn(rob.email);
    await merge(rob, rita).expect(303);
    expect(await ownerOf(bookingId)).to.deep.equal({ created_by_id: rita.id, version: 2 });
    await robAgent.get('/bookings').expect(401);
    await app
      .anonymous()
      .post('/api/auth/sign-in/email')
      .send({ email: rob.email, password: 'examdesk-demo' })
      .expect(401);
  });

  it('undo moves back what was moved, and leaves what was added since', async () => {
    const old = await bookingOf(rob, harbour);
    const ritas = await bookingOf(rita, harbour);
    await merge(rob, rita).expect(303);
    const since = await bookingOf(rita, harbour);
    await post(ada, `/admin/merges/${await lastMerge()}/undo`, {}).expect(303);
    expect((await ownerOf(old)).created_by_id).to.equal(rob.id);
    for (const kept of [ritas, since]) expect((await ownerOf(kept)).created_by_id).to.equal(rita.id);
    await app.signIn(rob.email);
    await post(ada, `/admin/merges/${await lastMerge()}/undo`, {}).expect(409);
  });

  it('moves the messages of two people who used the same key, and back', async () => {
    const bookingId = await bookingOf(rob, harbour);
    for (const writer of [rob, rita])
      await app.db('booking_messages').insert({
        id: randomUUID(),
        booking_id: bookingId,
        body: `Of ${writer.name}`,
        is_from_staff: false,
        created_by_id: writer.id,
        idempotency_key: 'message-1',
      });
    const writers = () =>
      app.db('booking_messages').where({ booking_id: bookingId }).orderBy('body').pluck('created_by_id');
    await merge(rob, rita).expect(303);
    expect(await writers()).to.deep.equal([rita.id, rita.id]);
    await post(ada, `/admin/merges/${await lastMerge()}/undo`, {}).expect(303);
    expect(await writers()).to.deep.equal([rita.id, rob.id]);
  });

  it('undo leaves rows that were moved on since', async () => {
    const given = await bookingOf(rob, harbour);
    const kept = await bookingOf(rob, harbour);
    await merge(rob, rita).expect(303);
    await app.db('bookings').where({ id: given }).update({ created_by_id: lena.id });
    await post(ada, `/admin/merges/${await lastMerge()}/undo`, {}).expect(303);
    expect((await ownerOf(given)).created_by_id).to.equal(lena.id);
    expect((await ownerOf(kept)).created_by_id).to.equal(rob.id);
  });

  it('undo is refused before a later merge is undone', async () => {
    const bookingId = await bookingOf(rob, harbour);
    await merge(rob, rita).expect(303);
    const first = await lastMerge();
    await merge(rita, lena).expect(303);
    const second = await lastMerge();
    const { text } = await post(ada, `/admin/merges/${first}/undo`, {}).expect(409);
    expect(text).to.contain('has been merged again since');
    expect((await ownerOf(bookingId)).created_by_id).to.equal(lena.id);
    await post(ada, `/admin/merges/${second}/undo`, {}).expect(303);
    await post(ada, `/admin/merges/${first}/undo`, {}).expect(303);
    expect((await ownerOf(bookingId)).created_by_id).to.equal(rob.id);
  });

  it('lets the members of two organisations see each other’s bookings, until it is undone', async () => {
    const bookingId = await bookingOf(rita, harbour);
    const nadiaAgent = await app.signIn(nadia.email);
    await nadiaAgent.get(`/bookings/${bookingId}`).expect(404);
    await mergeOrganizations().expect(303);
    await nadiaAgent.get(`/bookings/${bookingId}`).expect(200);
    await post(ada, `/admin/merges/${await lastMerge()}/undo`, {}).expect(303);
    await nadiaAgent.get(`/bookings/${bookingId}`).expect(404);
  });

  it('refuses referrers of different organisations: each would see the other’s bookings', async () => {
    const { text } = await merge(nadia, rita).expect(409);
    expect(text).to.contain('different organisations');
    expect((await app.db('users').where({ id: nadia.id }).first('banned'))?.banned).to.equal(false);
  });

  for (const [what, fields, words] of [
    [
      'an unknown record',
      { kind: 'referrer', from: 'nobody@nowhere.example', into: demoRita },
      'No such record',
    ],
    [
      'the same record',
      { kind: 'referrer', from: demoRita, into: demoRita.toUpperCase() },
      'the same record',
    ],
    ['staff', { kind: 'referrer', from: 'sam@examdesk.example', into: demoRita }, 'No such record'],
    ['an empty box', { kind: 'referrer', from: ' ', into: demoRita }, 'the record to merge'],
    ['another kind', { kind: 'specialist', from: demoRob, into: demoRita }, 'what you want to merge'],
    [
      'odd characters',
      { kind: 'organization', from: '\uFFFF\u202E%_', into: 'Harbour Legal' },
      'No such record',
    ],
  ] as const) {
    it(`refuses ${what} in words`, async () => {
      const { text } = await post(ada, '/admin/merges/preview', fields).expect(422);
      expect(text).to.contain(words);
    });
  }

  it('refuses a merge without a reason, and keeps the preview', async () => {
    const { text } = await post(ada, '/admin/merges', {
      kind: 'referrer',
      from: rob.email,
      into: rita.email,
      reason: ' ',
    }).expect(422);
    expect(text).to.contain('Enter a reason').and.contain('Merge Rob');
    expect(await merges()).to.deep.equal([]);
  });

  it('happens once when two admins merge at the same time', async () => {
    const answers = await Promise.all([merge(rob, rita), merge(rob, rita), merge(rob, rita)]);
    expect(answers.map(({ status }) => status)).to.have.members([303, 409, 409]);
    expect(await merges()).to.have.length(1);
  });

  it('is final after 30 days', async () => {
    await merge(rob, rita).expect(303);
    await merges().update({ made_at: app.db.raw(`now() - interval '31 days'`) });
    const { text } = await post(ada, `/admin/merges/${await lastMerge()}/undo`, {}).expect(409);
    expect(text).to.contain('30 days');
    expect((await ada.get('/admin/merges').set('Accept', 'text/html').expect(200)).text).to.contain('Final');
  });

  it('writes an audit row with the admin for each changed record, in the same transaction', async () => {
    const bookings = [await bookingOf(rob, harbour), await bookingOf(rob, harbour)];
    const cancelled = await bookingOf(rita, harbour);
    const [step] = await app
      .db('booking_progress')
      .insert({
        id: app.db.raw('gen_random_uuid()'),
        booking_id: cancelled,
        progress: 'cancelled',
        changed_by_id: rob.id,
        source: 'portal',
        notes: '',
      })
      .returning<{ id: string }[]>('id');
    const written = async () => {
      const newest = (await app.db('audit_log').orderBy('id', 'desc').first('xact')) as { xact: string };
      const rows = (await app.db('audit_log').where({ xact: newest.xact })) as {
        resource_id: string;
        actor_id: string | null;
        request_id: string | null;
        metadata: Record<string, unknown>;
      }[];
      expect(rows.map((row) => row.resource_id)).to.have.members([...bookings, step?.id, rob.id, rita.id]);
      for (const row of rows) {
        expect(row.actor_id, row.resource_id).to.equal(adaId);
        expect(row.request_id, row.resource_id).to.be.a('string');
      }
      return rows;
    };
    await merge(rob, rita).expect(303);
    const mergeId = await lastMerge();
    const merged = await written();
    for (const { metadata } of merged) expect(metadata).to.include({ merge: mergeId });
    const ofRecords = merged.filter((row) => [rob.id, rita.id].includes(row.resource_id));
    for (const { metadata } of ofRecords) expect(metadata).to.include({ reason: 'The same person twice' });
    await post(ada, `/admin/merges/${mergeId}/undo`, {}).expect(303);
    for (const { metadata } of await written()) expect(metadata).to.include({ mergeUndone: mergeId });
  });

  it('does not attribute changes of the next transaction', async () => {
    const bookingId = await bookingOf(rob, harbour);
    await merge(rob, rita).expect(303);
    await app.db('bookings').where({ id: bookingId }).update({ notes: 'Bring the films' });
    const row = (await app.db('audit_log').orderBy('id', 'desc').first()) as Record<string, unknown>;
    expect(row).to.include({ resource_id: bookingId, actor_id: null, request_id: null });
    expect(row.metadata).not.to.have.property('merge');
  });

  it('refuses a merged person at invitation and reactivation', async () => {
    await merge(rob, rita).expect(303);
    const person = `/account/people/${rob.id}`;
    for (const [path, fields] of [
      [person, { change: 'reactivate' }],
      [`${person}/role`, { role: 'support', organizationId: '' }],
      [
        '/account/invitations',
        { email: rob.email, name: 'Rob', role: 'referrer', organizationId: harbour.id },
      ],
    ] as const) {
      const { text } = await post(ada, path, fields).expect(422);
      expect(text, path).to.contain('merged into another record');
    }
    const row = await app.db('users').where({ id: rob.id }).first('banned', 'role');
    expect(row).to.deep.equal({ banned: true, role: 'referrer' });
    await post(ada, `/admin/merges/${await lastMerge()}/undo`, {}).expect(303);
    await post(ada, `${person}/role`, { role: 'support', organizationId: '' }).expect(303);
  });

  it('leaves the invitation of somebody who was merged away as it was', async () => {
    await post(ada, `/account/people/${rob.id}`, { change: 'deactivate' }).expect(303);
    const invited = { email: rob.email, name: 'Rob', role: 'referrer', organizationId: harbour.id };
    await post(ada, '/account/invitations', invited).expect(303);
    await merge(rob, rita).expect(303);
    const link = (await app.db('account_links').where({ email: rob.email }).first()) as { id: string };
    const accept = () =>
      app.system.services.accounts.acceptInvitation(
        {
          token: createLinkTokens([testSecret]).tokenFor('invitation', link.id),
          name: 'Rob',
          password: 'teapot granite violin',
        },
        { ip: null, userAgent: null, requestId: 'accepting' },
      );
    expect(await accept()).to.deep.equal({ ok: false, reason: 'link_closed' });
    expect(await app.db('account_links').where({ email: rob.email }).first()).to.deep.equal(link);
    await post(ada, `/admin/merges/${await lastMerge()}/undo`, {}).expect(303);
    expect((await accept()).ok).to.equal(true);
  });

  it('refuses new people for a merged organisation, and does not offer it', async () => {
    const offers = async ({ id, name }: OwnOrganization) => {
      const page = ada.get('/account/people').query({ find: name }).set('Accept', 'text/html');
      return (await page.expect(200)).text.includes(id);
    };
    expect([await offers(northside), await offers(harbour)]).to.deep.equal([true, true]);
    await mergeOrganizations().expect(303);
    expect([await offers(northside), await offers(harbour)]).to.deep.equal([false, true]);
    const invited = { email: newcomer(), name: 'New', role: 'referrer' };
    for (const [path, fields] of [
      ['/account/invitations', { ...invited, organizationId: northside.id }],
      [`/account/people/${rob.id}/role`, { role: 'referrer', organizationId: northside.id }],
    ] as const)
      await post(ada, path, fields).expect(422);
    expect(await app.db('members').where({ organization_id: northside.id })).to.deep.equal([]);
  });

  it('puts people with earlier invitations into the remaining organisation', async () => {
    const invited = { email: newcomer(), name: 'New', role: 'referrer' };
    await post(ada, '/account/invitations', { ...invited, organizationId: northside.id }).expect(303);
    await mergeOrganizations().expect(303);
    const links = await app.db('account_links').where({ email: invited.email }).pluck('organization_id');
    expect(links).to.deep.equal([harbour.id]);
  });

  it('is for admins alone', async () => {
    await merge(rob, rita).expect(303);
    const merged = await lastMerge();
    const fields = { kind: 'referrer', from: lena.email, into: rita.email, reason: 'The same person twice' };
    for (const email of [rita.email, 'sam@examdesk.example']) {
      const agent = await app.signIn(email);
      await agent.get('/admin/merges').expect(403);
      await post(agent, '/admin/merges', fields).expect(403);
      await post(agent, `/admin/merges/${merged}/undo`, {}).expect(403);
    }
  });
});

/** The address of somebody who has no account. */
function newcomer(): string {
  return `${randomUUID()}@northside-claims.example`;
}
