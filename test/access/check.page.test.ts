import { expect } from 'chai';
import { bookingRules, explainAccess } from '../../src/access/index.ts';
import { accountStatusOf, type AccountStatus } from '../../src/accounts/index.ts';
import { timeAhead } from '../support/days.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';

const rita = 'rita@harbour-legal.example';
const nadia = 'nadia@northside-claims.example';
const support = 'sam@examdesk.example';

describe('the page Check access', () => {
  let app: TestApp;
  let sam: Agent;
  let documentId: string;

  before(async () => {
    app = await startTestApp();
    sam = await app.signIn('sam@examdesk.example');
    const idOf = async (email: string): Promise<string> => {
      const user = (await app.db('users').where({ email }).first('id')) as { id: string };
      return user.id;
    };
    const specialist = (await app.db('specialists').first('id')) as { id: string };
    const harbour = (await app.db('organizations').where({ name: 'Harbour Legal' }).first('id')) as {
      id: string;
    };
    const booking = (reference: string, n: number, owner: object) => ({
      id: app.db.raw('gen_random_uuid()'),
      reference,
      acuity_appointment_id: 2000 + n,
      specialist_id: specialist.id,
      examinee_first_name: 'Ewan',
      examinee_last_name: 'Marsh',
      examinee_phone: '+61412345678',
      starts_at: new Date(timeAhead(10)),
      duration_minutes: 60,
      timezone: 'Australia/Sydney',
      type: 'in_person' as const,
      source: 'acuity_direct' as const,
      ...owner,
    });
    const [made] = await app
      .db('bookings')
      .insert(booking('EX-AAAAA2', 1, { organization_id: harbour.id, created_by_id: await idOf(rita) }))
      .returning<{ id: string }[]>('id');
    await app.db('bookings').insert(booking('EX-AAAAA3', 2, {}));
    const [document] = await app
      .db('documents')
      .insert({
        id: app.db.raw('gen_random_uuid()'),
        booking_id: made?.id,
        category: 'dictation',
        file_name: 'Marsh dictation.m4a',
        mime_type: 'audio/mp4',
        size_bytes: 3,
        sha256: 'a1'.repeat(32),
        s3_key: 'documents/somewhere',
        uploaded_by_id: await idOf('sam@examdesk.example'),
        status: 'not_scanned',
        chunk_bytes: 8_388_608,
        chunk_sha256: Buffer.alloc(32),
      })
      .returning<{ id: string }[]>('id');
    documentId = document?.id ?? '';
  });
  after(() => app.close());

  const ask = (person: string, what: string, key: string, agent = sam) =>
    agent.post('/admin/access-check').set('Accept', 'text/html').type('form').send({ person, what, key });

  /** The rules that were asked, with their answers; the finding of the last. */
  async function answer(person: string, what: string, key: string) {
    const { text } = await ask(person, what, key).expect(200);
    const steps = [
      ...text.matchAll(/tag-(ok|danger)">[^<]*<\/span> <strong>([^<]*)<\/strong><span class="note">([^<]*)/g),
    ];
    const last = steps.at(-1);
    return {
      can: /can see it<\/h2>/.test(text),
      refusing: last?.[1] === 'danger' ? last[2] : null,
      finding: last?.[3],
      text,
    };
  }

  it('allows a referrer’s own booking', async () => {
    expect(await answer(rita, 'booking', 'ex-aaaaa2')).to.include({ can: true, refusing: null });
  });

  it('names both organisations when they differ', async () => {
    const { can, finding } = await answer(nadia, 'booking', 'EX-AAAAA2');
    expect(can).to.equal(false);
    expect(finding).to.contain('Northside Claims').and.contain('Harbour Legal');
  });

  it('says that having made a booking grants nothing when its maker has changed organisations', async () => {
    const member = app.db('members').where('user_id', app.db('users').where({ email: rita }).select('id'));
    const organizationOf = (name: string) =>
      app.db.raw('(select id from organizations where name = ?)', [name]);
    await member.clone().update({ organization_id: organizationOf('Northside Claims') });
    const { can, refusing, finding } = await answer(rita, 'booking', 'EX-AAAAA2');
    await member.clone().update({ organization_id: organizationOf('Harbour Legal') });
    expect(can).to.equal(false);
    expect(refusing).to.equal('Staff see every booking; a referrer those of the own organisation');
    expect(finding).to.equal(
      'Rita Alvarez is of Northside Claims; the booking is of Harbour Legal. ' +
        'Having made it grants no access after a change of organisation',
    );
  });

  it('says that a booking waits to be assigned', async () => {
    expect((await answer(rita, 'booking', 'EX-AAAAA3')).finding).to.contain('waits to be assigned');
  });

  it('says that a booking does not exist', async () => {
    expect((await answer(rita, 'booking', 'EX-ZZZZZ9')).refusing).to.equal('The booking exists');
  });

  it('names the category of a document, never its file name', async () => {
    const { refusing, finding, text } = await answer(rita, 'document', documentId);
    expect(refusing).to.contain('category');
    expect(finding).to.equal('referrer, dictation');
    expect(text).not.to.contain('Marsh');
    expect((await answer('sam@examdesk.example', 'document', documentId)).can).to.equal(true);
  });

  it('reads the rules of pages from the routes', async () => {
    expect((await answer(rita, 'page', '/admin/merges')).refusing).to.equal('The page is for admins');
    expect((await answer(rita, 'page', 'https://examdesk.example/bookings/new?x=1')).can).to.equal(true);
    expect((await answer('sam@examdesk.example', 'page', '/bookings/new')).refusing).to.contain('referrers');
    expect((await answer(rita, 'page', '/nowhere')).refusing).to.equal('There is a page at this address');
  });

  it('continues with the rules of the record in the URL', async () => {
    const { id } = (await app.db('bookings').where({ reference: 'EX-AAAAA2' }).first('id')) as { id: string };
    expect((await answer(rita, 'page', `/bookings/${id}`)).can).to.equal(true);
    expect((await answer(nadia, 'page', `/bookings/${id}`)).finding).to.contain('Northside Claims');
    expect((await answer(nadia, 'page', `/bookings/${id}/calendar.ics`)).can).to.equal(false);
    expect((await answer(rita, 'page', '/bookings/EX-AAAAA2')).refusing).to.equal('The booking exists');
    expect((await answer(rita, 'page', `/documents/${documentId}/receipt`)).refusing).to.contain('category');
    expect((await answer(support, 'page', `/documents/${documentId}/receipt`)).can).to.equal(true);
    expect((await answer(support, 'page', `/documents/${documentId}/delete`)).refusing).to.contain(
      'Admins delete',
    );
  });

  it('explains the console, its lists and its actions', async () => {
    for (const [person, address, refusing] of [
      ['ada@examdesk.example', '/admin', null],
      [support, '/admin', null],
      [rita, '/admin', 'The page is for staff'],
      [support, '/admin/resources/bookings?filters.status=active', null],
      [support, '/admin/resources/users', 'The list is for admins'],
      [support, '/admin/resources/moons', 'The console has this list'],
      [support, `/admin/resources/documents/records/${documentId}/remove`, 'The action is for admins'],
      [support, `/admin/resources/bookings/records/${documentId}/show`, 'The record exists'],
      [support, '/admin/resources/bookings/actions/new', 'The console has this action'],
      [support, `/admin/resources/bookings/records/${documentId}/list`, 'The console has this action'],
      [support, '/admin/nowhere', 'There is a page at this address'],
    ] as const)
      expect((await answer(person, 'page', address)).refusing, `${person} ${address}`).to.equal(refusing);
  });

  it('matches URLs as the router does, in capitals and with a trailing slash', async () => {
    for (const address of ['/Bookings', '/bookings/', '/BOOKINGS/NEW', '/api/openapi.json', '/css/base.css'])
      expect((await answer(rita, 'page', address)).can, address).to.equal(true);
    expect((await answer(rita, 'page', '/css/../../package.json')).can).to.equal(false);
  });

  it('says that staff have not set up the second step', async () => {
    await app.db('users').insert({
      name: 'Grace Lim',
      email: 'grace@examdesk.example',
      role: 'admin',
      email_verified: true,
    });
    const grace = 'grace@examdesk.example';
    for (const [what, key] of [
      ['booking', 'EX-AAAAA2'],
      ['page', '/admin'],
      ['page', '/'],
    ] as const)
      expect((await answer(grace, what, key)).refusing, key).to.equal(
        'Staff sign in in two steps, and referrers whose organisation requires it',
      );
    expect((await answer(grace, 'page', '/account/two-factor')).can).to.equal(true);
    expect((await answer(grace, 'page', '/healthz')).can).to.equal(true);
  });

  it('says that demo accounts are not let in', async () => {
    const accountStatus = await accountStatusOf(app.db, rita, { allowsDemoAccounts: false });
    expect(accountStatus).to.include({ demo: 'refused', viewer: null });
    const rules = bookingRules(app.db, 'EX-AAAAA2');
    const { steps } = await explainAccess(accountStatus as AccountStatus, { for: 'people', rules });
    expect(steps.at(-1)).to.deep.include({ rule: 'Demo accounts are let in', holds: false });
  });

  it('says that somebody is deactivated', async () => {
    await app.db('users').where({ email: 'rob@harbour-legal.example' }).update({ banned: true });
    expect((await answer('rob@harbour-legal.example', 'booking', 'EX-AAAAA2')).refusing).to.equal(
      'The account is active',
    );
  });

  it('agrees with what the person is answered', async () => {
    const { id } = (await app.db('bookings').where({ reference: 'EX-AAAAA2' }).first('id')) as { id: string };
    for (const email of [rita, nadia, 'ada@examdesk.example']) {
      const { status } = await (await app.signIn(email)).get(`/bookings/${id}`);
      expect((await answer(email, 'booking', id)).can, email).to.equal(status === 200);
    }
  });

  it('finds no record for ids that contain NUL', async () => {
    for (const table of ['services', 'bookings', 'audit']) {
      const { refusing } = await answer(support, 'page', `/admin/resources/${table}/records/%00/show`);
      expect(refusing, table).to.equal(table === 'audit' ? 'The list is for admins' : 'The record exists');
    }
  });

  it('shows errors for missing fields', async () => {
    for (const [person, what, key, words] of [
      ['', 'booking', 'EX-AAAAA2', 'Enter a person'],
      [rita, 'moon', 'x', 'Choose what it is about'],
      [rita, 'booking', '', 'Enter which one'],
      ['nobody@nowhere.example', 'booking', 'EX-AAAAA2', 'Nobody has this e-mail address'],
    ] as const) {
      expect((await ask(person, what, key).expect(422)).text).to.contain(words);
    }
    for (const odd of ['//', 'http://', '%00', '/%E0%A4%A', '\u202E'])
      await ask(rita, 'page', odd).expect(200);
  });

  it('is for staff alone', async () => {
    await ask(nadia, 'booking', 'EX-AAAAA2', await app.signIn(rita)).expect(403);
  });
});
