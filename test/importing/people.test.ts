import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { ReportLine } from '../../src/importing/index.ts';
import { openAppGround, type AppGround } from '../support/app-ground.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { openMailbox } from '../support/mailbox.ts';
import { createVisitor } from '../support/visitor.ts';

const example = readFileSync(new URL('../../docs/import/people.csv', import.meta.url));

describe('the import of people', () => {
  let ground: AppGround;
  let app: TestApp;
  let mailbox: Awaited<ReturnType<typeof openMailbox>>;
  let failAt: string | null = null;

  before(async () => {
    ground = await openAppGround();
  });
  after(() => ground.close());
  beforeEach(async () => {
    mailbox = await openMailbox();
    app = await startTestApp({
      ground,
      env: { SMTP_URL: mailbox.smtpUrl },
      overrides: {
        imports: {
          onStep(step) {
            if (step === failAt) throw new Error('It ends here');
          },
        },
      },
    });
  });
  afterEach(async () => {
    failAt = null;
    await app.close();
    await mailbox.close();
  });

  async function run(content: string | Uint8Array, how: { applies?: boolean; invites?: boolean } = {}) {
    const lines: ReportLine[] = [];
    const ended = await app.system.services.imports.people(
      {
        file: { name: 'people.csv', bytes: Buffer.from(content) },
        applies: true,
        invites: false,
        ...how,
      },
      { line: (line) => lines.push(line), progress: () => undefined },
    );
    if (!ended.ok) throw new Error(ended.reason);
    return { ...ended, lines };
  }
  const undo = (id: string | null) =>
    app.system.services.imports.undo(id ?? '', { left: () => undefined, progress: () => undefined });
  const count = async (table: string) => Number((await app.db(table).count({ n: '*' }))[0]?.n);
  const person = (email: string) =>
    app.db('users').where({ email }).first('id', 'name', 'role', 'awaits_invitation') as Promise<
      { id: string; name: string; role: string; awaits_invitation: boolean } | undefined
    >;

  it('reports what it would do, and writes nothing, in a dry run', async () => {
    const before = [await count('users'), await count('organizations'), await count('audit_log')];
    const { totals, made, importId, lines } = await run(example, { applies: false });
    expect(totals).to.deep.equal({ made: 3, changed: 0, matched: 1, left: 0, bad: 0 });
    expect(made).to.deep.equal({ organization: 2, user: 2, booking: 0 });
    expect(importId).to.equal(null);
    expect(lines.map(({ line, outcome, to }) => [line, outcome, to])).to.deep.equal([
      [2, 'matched', 'rita@harbour-legal.example, Harbour Legal'],
      [3, 'made', 'jo@harbour-legal.example, Harbour Legal'],
      [4, 'made', 'ines@quay-stone.example, Quay, Stone & Partners'],
      [5, 'made', 'Bay Mutual Insurance'],
    ]);
    expect([await count('users'), await count('organizations'), await count('audit_log')]).to.deep.equal(
      before,
    );
    expect(await count('imports')).to.equal(0);
  });

  it('makes new people and organisations once, and mails nobody', async () => {
    const first = await run(example);
    expect(first.totals).to.include({ made: 3, matched: 1 });
    expect(await person('jo@harbour-legal.example')).to.include({
      name: 'Jo March',
      role: 'referrer',
      awaits_invitation: true,
    });
    const again = await run(Buffer.concat([example, Buffer.from('\n')]));
    expect(again.totals).to.deep.equal({ made: 0, changed: 0, matched: 4, left: 0, bad: 0 });
    expect(await count('emails')).to.equal(0);
    const actions: unknown[] = await app
      .db('audit_log')
      .where({ resource_id: (await person('jo@harbour-legal.example'))?.id })
      .select('action', 'actor_id', 'metadata');
    expect(actions).to.have.length(1);
    expect(actions[0]).to.deep.include({ action: 'record.changed', actor_id: null });
    expect(JSON.stringify(actions[0])).to.contain(first.importId);
  });

  it('reads Windows-1252 files with semicolons, as Excel writes them in Europe', async () => {
    const text = 'Firm;E-Mail;Name;Notiz\r\n"Müller & Söhne";uwe@mueller.example;Uwe Müller;x\r\n';
    const { totals, ignored } = await run(Buffer.from(text, 'latin1'));
    expect(totals).to.include({ made: 1, bad: 0 });
    expect(ignored).to.deep.equal(['Notiz']);
    expect(await person('uwe@mueller.example')).to.include({ name: 'Uwe Müller' });
    expect(await app.db('organizations').pluck('name')).to.include('Müller & Söhne');
  });

  it('leaves people who belong to another organisation or to the agency, with the reason', async () => {
    const { lines } = await run(
      [
        'organisation,name,email',
        'Elsewhere,Rita Alvarez,rita@harbour-legal.example',
        'Elsewhere,Sam,sam@examdesk.example',
      ].join('\n'),
    );
    expect(lines.map(({ outcome, says }) => `${outcome}: ${says}`)).to.deep.equal([
      'left: this person belongs to Harbour Legal here',
      'left: somebody of the agency has this address',
    ]);
    expect(await app.db('organizations').pluck('name'), 'of nobody').not.to.include('Elsewhere');
  });

  it('reports line, column and reason of bad rows, and imports the others', async () => {
    const { lines, totals } = await run(
      [
        'organisation,name,email',
        'Harbour Legal,Jo,not-an-address',
        ',Jo,jo@x.example',
        'Harbour Legal,,ann@x.example',
        'Harbour Legal,Good,good@x.example',
        'Harbour Legal,Two,two@x.example,more',
      ].join('\n'),
    );
    expect(totals).to.deep.equal({ made: 1, changed: 0, matched: 0, left: 0, bad: 4 });
    expect(
      lines.filter(({ outcome }) => outcome === 'bad').map(({ line, says }) => `${line} ${says}`),
    ).to.deep.equal([
      '2 email: Enter an e-mail address like name@example.com',
      '3 organisation: Enter the name of the organisation',
      '4 name: Enter a name',
      '6 the row has more cells than the header',
    ]);
  });

  it('tidies cells as forms do', async () => {
    const { totals } = await run(
      [
        'organisation,name,email',
        '"Tidy\u2013Legal\nPty\u00a0Ltd",Mary O´Neil\u200b,Mary.O’Neil&Co@Tidy.example',
        'Tidy-Legal Pty Ltd, Bo\u2003Lee ,<bo@tidy.example>',
      ].join('\n'),
    );
    expect(totals).to.include({ made: 2, bad: 0 });
    const people = await app
      .db('users as u')
      .join('members as m', 'm.user_id', 'u.id')
      .join('organizations as o', 'o.id', 'm.organization_id')
      .where('u.email', 'like', '%tidy.example')
      .orderBy('u.email')
      .select('u.email', 'u.name', 'o.name as organization');
    const organization = 'Tidy-Legal Pty Ltd';
    expect(people).to.deep.equal([
      { email: 'bo@tidy.example', name: 'Bo Lee', organization },
      { email: "mary.o'neil&co@tidy.example", name: "Mary O'Neil", organization },
    ]);
  });

  it('refuses a file without the required columns', async () => {
    const refused = await run('name,email\nJo,jo@x.example').catch((error: unknown) => error);
    expect(String(refused)).to.contain('Line 1').and.contain('organisation');
  });

  it('continues as the same import when it was interrupted', async () => {
    failAt = 'row';
    const died: unknown = await run(example).catch((error: unknown) => error);
    expect(String(died)).to.contain('It ends here');
    failAt = null;
    // As a process that is killed leaves it.
    await app.db('imports').update({ state: 'running', finished_at: null });
    const { importId, totals } = await run(example);
    expect(totals).to.include({ made: 3, matched: 1 });
    expect(await app.db('imports').select('id', 'state')).to.deep.equal([{ id: importId, state: 'done' }]);
    const [listed] = await app.system.services.imports.list();
    expect(listed).to.include({ id: importId, kind: 'people', matched: 1 });
    expect(listed?.made).to.deep.equal({ organization: 2, user: 2, booking: 0 });
  });

  it('refuses a second import while one runs', async () => {
    let second: unknown;
    const { imports } = app.system.services;
    const quiet = { line: () => undefined, progress: () => undefined };
    const request = { file: { name: 'x.csv', bytes: example }, applies: true, invites: false };
    await imports.people(request, {
      line: () => undefined,
      progress: () => {
        second ??= imports.people(request, quiet);
      },
    });
    expect(await second).to.include({ ok: false, reason: 'another_is_running' });
    expect(await imports.people(request, quiet)).to.include({ ok: true });
  });

  it('is taken back except for records that were changed since', async () => {
    const { importId } = await run(example);
    const ines = await person('ines@quay-stone.example');
    await app.db('users').where({ id: ines?.id }).update({ name: 'Ines Quay-Stone' });
    expect(await undo(importId)).to.deep.equal({ ok: true, takenBack: 2, left: 2 });
    expect(await person('jo@harbour-legal.example')).to.equal(undefined);
    expect(await person('ines@quay-stone.example')).to.include({ name: 'Ines Quay-Stone' });
    const organizations = await app.db('organizations').pluck('name');
    expect(organizations).to.include.members(['Harbour Legal', 'Quay, Stone & Partners']);
    expect(organizations).not.to.include('Bay Mutual Insurance');
    expect(await person('rita@harbour-legal.example'), 'was here before').not.to.equal(undefined);
    const reasons = await app
      .db('import_records')
      .whereNotNull('left_reason')
      .orderBy('left_reason')
      .pluck('left_reason');
    expect(reasons).to.deep.equal(['people belong to it', 'the account was changed since']);
    // What was in the way is gone: again takes the rest.
    await app.db('users').where({ id: ines?.id }).update({ name: 'Ines Quay' });
    expect(await undo(importId)).to.deep.equal({ ok: true, takenBack: 2, left: 0 });
    expect((await run(example)).totals).to.include({ made: 3, matched: 1 });
  });

  it('sends one invitation a person, and only when asked to', async () => {
    await run(example);
    expect(await count('emails')).to.equal(0);
    const { invited } = await run(example, { invites: true });
    expect(invited).to.equal(2);
    expect(await app.db('emails').orderBy('recipient').pluck('recipient')).to.deep.equal([
      'ines@quay-stone.example',
      'jo@harbour-legal.example',
    ]);
    expect((await run(example, { invites: true })).invited).to.equal(0);
  });

  it('lets an admin act as a referrer who has not been invited yet', async () => {
    await run(example);
    const jo = await person('jo@harbour-legal.example');
    const ada = await app.signIn('ada@examdesk.example');
    const { body } = await ada
      .post('/admin/impersonate')
      .send({ userId: jo?.id, reason: 'Booking for them before they are invited' })
      .expect(200);
    expect((body as { impersonation: { actingAs: { name: string } } }).impersonation.actingAs.name).to.equal(
      'Jo March',
    );
    await ada.get('/bookings').expect(200);
  });

  it('makes an account that only its invitation opens', async () => {
    await run(example);
    const jo = await person('jo@harbour-legal.example');
    await app.system.services.accounts.passwords.forgotten('jo@harbour-legal.example', {
      requestId: 'r',
      ip: null,
      userAgent: null,
    });
    expect(await count('emails'), 'no way round').to.equal(0);
    await run(example, { invites: true });
    const [link] = await app.db('account_links').where({ email: 'jo@harbour-legal.example' }).pluck('id');
    const { createLinkTokens } = await import('../../src/accounts/index.ts');
    const token = createLinkTokens(app.system.services.config.BETTER_AUTH_SECRET).tokenFor(
      'invitation',
      link ?? '',
    );
    const visitor = createVisitor(app.url);
    await visitor.post(`/account/invitation/${token}`, {
      name: 'Jo March',
      password: 'teapot granite violin',
    });
    expect(await person('jo@harbour-legal.example')).to.deep.equal({ ...jo, awaits_invitation: false });
    const members: unknown[] = await app.db('members').where({ user_id: jo?.id }).select('organization_id');
    expect(members).to.have.length(1);
  });
});
