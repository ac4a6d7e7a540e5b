// People, documents and questions as staff edit them in the console: what is refused, what follows from a change, and who is told.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { changeForm as change, formAddress, openForm, sendForm } from '../support/console-form.ts';
import { aField, aForm } from '../support/builders/form.ts';
import { createFakeAcuity } from '../support/fakes/acuity.ts';
import { aBookingOf, personOf } from '../support/console-records.ts';
import { insertDocumentRow } from '../support/document-row.ts';

describe('editing in the console', () => {
  const acuity = createFakeAcuity();
  let app: TestApp;
  let ada: Agent;
  let sam: Agent;
  before(async () => {
    app = await startTestApp({ overrides: { acuity } });
    ada = await app.signIn('ada@examdesk.example');
    sam = await app.signIn('sam@examdesk.example');
  });
  after(() => app.close());

  const lastChange = async (id: string) => {
    const row = await app
      .db('audit_log')
      .where({ action: 'record.changed', resource_id: id })
      .orderBy('id', 'desc')
      .first();
    return row?.metadata as Record<string, unknown> | undefined;
  };

  describe('a person', () => {
    /** A referrer of Harbour Legal whom no other test knows. */
    const aPerson = async (but: Record<string, unknown> = {}) => {
      const id = randomUUID();
      const { organizationId } = await personOf(app.db, 'rita');
      const email = `${id}@harbour-legal.test`;
      await app.db.transaction(async (trx) => {
        await trx('users').insert({
          id,
          name: 'Lena Ward',
          email,
          role: 'referrer',
          email_verified: true,
          ...but,
        });
        if (but.role === undefined)
          await trx('members').insert({
            user_id: id,
            organization_id: organizationId,
            role: 'member',
            created_at: new Date(),
          });
      });
      return { id, email, address: formAddress('users', id) };
    };
    /** An imported person with an open invitation. */
    const invited = async () => {
      const { id, email, address } = await aPerson({ awaits_invitation: true });
      const linkId = randomUUID();
      await app.db('account_links').insert({
        id: linkId,
        kind: 'invitation',
        email,
        role: 'referrer',
        organization_id: (await personOf(app.db, 'rita')).organizationId,
        expires_at: new Date(Date.now() + 3_600_000),
      });
      const isOpen = async () =>
        (await app.db('account_links').where({ id: linkId }).whereNull('revoked_at')).length === 1;
      return { id, linkId, address, isOpen };
    };
    const offeredTo = async (agent: Agent, id: string) => {
      const { body } = await agent.get(formAddress('users', id, 'show')).expect(200);
      const { recordActions } = body.record as { recordActions: { name: string }[] };
      return recordActions.map(({ name }) => name);
    };
    const errorsOf = (answer: { body: { errors?: { path: string }[] } }) =>
      answer.body.errors?.map(({ path }) => path);

    it('gets another name, role and organisation, with one audit row that says which', async () => {
      const { id, address } = await aPerson();
      const nadia = await personOf(app.db, 'nadia');
      const { version, values } = await openForm(ada, address);
      expect(values).to.include({ name: 'Lena Ward', role: 'referrer' });
      const moved = { ...values, name: 'Lena Marsh', organizationId: nadia.organizationId };
      await sendForm(ada, address, { version, values: moved }).expect(200);
      expect(await lastChange(id)).to.deep.equal({ change: 'edited', columns: ['name', 'organizationId'] });
      expect((await change(ada, address, { role: 'support' })).status).to.equal(200);
      expect(await app.db('users').where({ id }).first('name', 'role')).to.deep.equal({
        name: 'Lena Marsh',
        role: 'support',
      });
      expect(await app.db('members').where({ user_id: id })).to.deep.equal([]);
      const without = await change(ada, address, { role: 'referrer' });
      expect([without.status, errorsOf(without)]).to.deep.equal([422, ['organizationId']]);
    });

    it('is signed out when the address changes, whose open links close; the one before is told', async () => {
      const { id, email, address } = await aPerson();
      await app.db('account_links').insert({
        id: randomUUID(),
        kind: 'password_reset',
        user_id: id,
        email,
        expires_at: new Date(Date.now() + 3_600_000),
      });
      const lena = await app.signIn(email);
      await lena.get('/bookings').expect(200);
      expect((await change(ada, address, { email: ` ${id}@ELSEWHERE.test ` })).status).to.equal(200);
      await lena.get('/bookings').expect(401);
      expect(await app.db('users').where({ id }).first('email', 'email_verified')).to.deep.equal({
        email: `${id}@elsewhere.test`,
        email_verified: false,
      });
      expect(await app.db('account_links').where({ user_id: id }).whereNull('revoked_at')).to.deep.equal([]);
      expect(await app.db('emails').where({ recipient: email }).pluck('kind')).to.deep.equal([
        'email_changed',
      ]);
    });

    it('is told nothing at an address that nobody has used yet', async () => {
      const { id, email, address } = await aPerson({ awaits_invitation: true });
      expect((await change(ada, address, { email: `${id}@elsewhere.test` })).status).to.equal(200);
      expect(await app.db('emails').where({ recipient: email })).to.deep.equal([]);
    });

    it('can no longer accept the invitation of before when address, role or organisation change', async () => {
      const nadia = await personOf(app.db, 'nadia');
      for (const values of [
        { email: `${randomUUID()}@elsewhere.test` },
        { organizationId: nadia.organizationId },
        { role: 'support' },
      ]) {
        const { id, linkId, address, isOpen } = await invited();
        expect((await change(ada, address, { name: 'Lena Oakley' })).status).to.equal(200);
        expect(await isOpen()).to.equal(true);
        expect((await change(ada, address, values)).status).to.equal(200);
        expect(await isOpen(), JSON.stringify(values)).to.equal(false);
        expect(await lastChange(linkId)).to.deep.equal({ change: 'revoked', userId: id });
      }
    });

    it('cannot come back by the invitation of before when deactivated', async () => {
      const { id, linkId, isOpen } = await invited();
      const address = formAddress('users', id, 'deactivate');
      await sendForm(ada, address, { version: '', values: {} }).expect(200);
      expect(await isOpen()).to.equal(false);
      expect(await lastChange(linkId)).to.deep.equal({ change: 'revoked', userId: id });
    });

    it('keeps what it has when a value is refused', async () => {
      const { id, email, address } = await aPerson();
      for (const [values, path] of [
        [{ name: ' ' }, 'name'],
        [{ email: 'nobody' }, 'email'],
        [{ email: 'rita@harbour-legal.example' }, 'email'],
        [{ organizationId: '' }, 'organizationId'],
        [{ organizationId: randomUUID() }, 'organizationId'],
        [{ role: 'owner' }, 'role'],
      ] as const) {
        const refused = await change(ada, address, values);
        expect([refused.status, errorsOf(refused)], JSON.stringify(values)).to.deep.equal([422, [path]]);
      }
      const other = await aPerson();
      const taken = await change(ada, address, { email: other.email });
      expect([taken.status, errorsOf(taken)]).to.deep.equal([422, ['email']]);
      expect((await app.db('users').where({ id }).first('email'))?.email).to.equal(email);
    });

    it('shows who changed what meanwhile, and is saved over it at the second attempt', async () => {
      const { address } = await aPerson();
      const { version } = await openForm(ada, address);
      expect((await change(ada, address, { name: 'Lena Oakley' })).status).to.equal(200);
      const { body } = await sendForm(ada, address, { version, values: { name: 'Lena Marsh' } }).expect(409);
      expect(body.errors).to.deep.equal([{ path: 'name', message: 'Now: Lena Oakley' }]);
      await sendForm(ada, address, {
        version: body.version as string,
        values: { name: 'Lena Marsh' },
      }).expect(200);
    });

    it('is saved once when the form is sent twice', async () => {
      const { id, address } = await aPerson();
      const { version } = await openForm(ada, address);
      const twice = [1, 2].map(() => sendForm(ada, address, { version, values: { name: 'Lena Oakley' } }));
      expect((await Promise.all(twice)).map(({ status }) => status)).to.deep.equal([200, 200]);
      const rows = await app.db('audit_log').where({ resource_id: id, action: 'record.changed' });
      expect(
        rows.filter(({ metadata }) => (metadata as { change: string }).change === 'edited'),
      ).to.have.length(1);
    });

    it('is nobody’s own account, and is not edited by support or without what was shown', async () => {
      const admin = await personOf(app.db, 'ada');
      const own = await ada.get(formAddress('users', admin.id)).expect(409);
      expect(own.body.detail).to.contain('Admins edit other people');
      expect(await offeredTo(ada, admin.id)).not.to.include.members(['edit', 'deactivate']);
      expect(await offeredTo(ada, (await personOf(app.db, 'sam')).id)).to.include.members([
        'edit',
        'deactivate',
      ]);
      const version = JSON.stringify({ name: 'x', email: 'x', role: 'admin', organizationId: null });
      await sendForm(sam, formAddress('users', admin.id), { version, values: { name: 'x' } }).expect(403);
      await sendForm(ada, (await aPerson()).address, { version: 'x', values: {} }).expect(400);
    });

    it('is neither edited nor reactivated while merged into another record', async () => {
      const [from, into] = [await aPerson({ banned: true }), await aPerson()];
      await app.db('merges').insert({
        id: randomUUID(),
        kind: 'referrer',
        from_id: from.id,
        into_id: into.id,
        from_name: 'Lena Ward',
        into_name: 'Lena Ward',
        reason: 'The same person',
        moved: '[]',
        made_by_id: (await personOf(app.db, 'ada')).id,
      });
      expect(await offeredTo(ada, from.id)).not.to.include.oneOf(['edit', 'reactivate']);
      const { body } = await ada.get(from.address).expect(409);
      expect(body.detail).to.contain('nobody who was merged into another record');
      await app
        .db('merges')
        .where({ from_id: from.id })
        .update({
          undone_at: new Date(),
          undone_by_id: (await personOf(app.db, 'ada')).id,
        });
      expect(await offeredTo(ada, from.id)).to.include.members(['edit', 'reactivate']);
    });

    it('is reactivated after it was deactivated', async () => {
      const { id } = await aPerson({ banned: true });
      const address = formAddress('users', id, 'reactivate');
      await sendForm(ada, address, { version: '', values: {} }).expect(200);
      expect((await app.db('users').where({ id }).first('banned'))?.banned).to.equal(false);
      await ada.get(address).expect(409);
    });
  });

  describe('an organisation', () => {
    it('says into which it was merged, and is not edited meanwhile', async () => {
      const { id: made_by_id, organizationId: _none } = await personOf(app.db, 'ada');
      const into = (await personOf(app.db, 'nadia')).organizationId;
      const [from] = await app
        .db('organizations')
        .insert({ id: randomUUID(), name: 'Northside', slug: 'northside', created_at: new Date() })
        .returning('id');
      const shown = async () => {
        const address = formAddress('organizations', from!.id, 'show');
        const { body } = await ada.get(address).expect(200);
        const { params, recordActions } = body.record as {
          params: Record<string, unknown>;
          recordActions: { name: string }[];
        };
        const isEdited = recordActions.some(({ name }) => name === 'edit');
        return [params.mergedInto, params['mergedInto to'], isEdited];
      };
      expect(await shown()).to.deep.equal([null, null, true]);
      await app.db('merges').insert({
        id: randomUUID(),
        kind: 'organization',
        from_id: from!.id,
        into_id: into,
        from_name: 'Northside',
        into_name: 'Northside Claims',
        reason: 'The same twice',
        moved: '[]',
        made_by_id,
      });
      expect(await shown()).to.deep.equal(['Northside Claims', `organizations/${into}`, false]);
      const { body } = await ada.get(formAddress('organizations', from!.id)).expect(409);
      expect(body.detail).to.equal('Admins edit organisations that were not merged into another.');
    });
  });

  describe('the question of a detail', () => {
    const address = formAddress('intake-fields', 'claim_number');
    const questions = [
      aField({ id: 1, name: 'Booking reference' }),
      aField({ id: 4, name: 'Claim number' }),
      aField({ id: 5, name: 'Their number' }),
    ];
    const read = async (fields: typeof questions) => {
      acuity.intakeForms = [aForm({ id: 501, name: 'Examination details', fields })];
      await app.system.services.mapping.readAgain();
    };
    const held = async () =>
      (await app.db('intake_fields').where({ name: 'claim_number' }).first('acuity_field_id'))
        ?.acuity_field_id;

    it('calls no question new that was there when the mapping was first saved', async () => {
      await app.db('intake_fields').delete();
      await app.db('intake_fields').insert({ name: 'reference', acuity_field_id: 1 });
      await read([...questions, aField({ id: 7, name: 'Height', required: true })]);
      expect(await app.db('intake_mappings')).to.deep.equal([]);
      expect((await app.system.services.mapping.attention()).newRequired).to.equal(0);
      expect((await change(ada, address, { question: '4' })).status).to.equal(200);
      expect((await app.system.services.mapping.attention()).newRequired).to.equal(0);
    });

    it('is one that holds no other; what else is new in Acuity still needs attention', async () => {
      await app.db('intake_fields').delete();
      await app.db('intake_fields').insert({ name: 'reference', acuity_field_id: 1 });
      await read(questions);
      const { fields } = await openForm(ada, address);
      expect(fields[0]?.options?.map(({ value }) => value)).to.deep.equal(['', '4', '5']);
      expect((await change(ada, address, { question: '4' })).status).to.equal(200);
      expect(await held()).to.equal(4);
      await read([...questions, aField({ id: 6, name: 'Allergies', required: true })]);
      const { newRequired } = await app.system.services.mapping.attention();
      expect((await change(ada, address, { question: '5' })).status).to.equal(200);
      expect(await held()).to.equal(5);
      expect((await app.system.services.mapping.attention()).newRequired)
        .to.equal(newRequired)
        .and.above(0);
      const { body } = await ada
        .get('/admin/api/resources/intake-fields/records/claim_number/show')
        .expect(200);
      expect(body.record.params).to.include({ question: 'Their number', acuityFieldId: 5 });
    });

    it('is saved unchanged without another version of the mapping', async () => {
      await read(questions);
      const versions = () => app.db('intake_mappings').pluck('version');
      const another = formAddress('intake-fields', 'examinee_email');
      expect((await change(ada, address, { question: '4' })).status).to.equal(200);
      expect((await change(ada, another, { question: '5' })).status).to.equal(200);
      const saved = await versions();
      expect((await change(ada, address, { question: '4' })).status).to.equal(200);
      expect(await versions()).to.deep.equal(saved);
      expect((await change(ada, another, { question: '' })).status).to.equal(200);
    });

    it('is refused when it cannot hold the detail, and after somebody else’s choice', async () => {
      for (const question of ['1', '99', 'x']) {
        const refused = await change(ada, address, { question });
        expect([refused.status, refused.body.errors[0].path], question).to.deep.equal([422, 'question']);
      }
      const { version } = await openForm(ada, address);
      expect((await change(ada, address, { question: '' })).status).to.equal(200);
      const { body } = await sendForm(ada, address, { version, values: { question: '4' } }).expect(409);
      expect(body.errors).to.deep.equal([{ path: 'question', message: 'Now: No question' }]);
      await sendForm(ada, address, { version: body.version as string, values: { question: '4' } }).expect(
        200,
      );
      expect(await held()).to.equal(4);
    });
  });

  describe('a document’s category', () => {
    const aDocument = async (but: Record<string, unknown> = {}) => {
      const booking_id = await aBookingOf(app.db, 'rita');
      const id = await insertDocumentRow(app.db, {
        booking_id,
        uploaded_by_id: (await personOf(app.db, 'sam')).id,
        category: 'brief',
        ...but,
      });
      return { id, booking_id, address: formAddress('documents', id) };
    };

    it('decides at once who sees it; the receipt shows the change', async () => {
      const { id, booking_id, address } = await aDocument();
      const rita = await app.signIn('rita@harbour-legal.example');
      await rita.get(`/documents/${id}/receipt`).expect(200);
      expect((await change(sam, address, { category: 'dictation' })).status).to.equal(200);
      await rita.get(`/documents/${id}/receipt`).expect(404);
      expect(await lastChange(id)).to.deep.equal({
        change: 'category',
        bookingId: booking_id,
        before: 'brief',
        after: 'dictation',
      });
      const page = await (await app.signedInVisitor('sam@examdesk.example')).get(`/documents/${id}/receipt`);
      expect(page.text('main')).to.contain('Category changed');
    });

    it('tells the booker of a document that they can see from now on, and of no other', async () => {
      const { booking_id, address } = await aDocument({ category: 'dictation' });
      const told = () => app.db('emails').where({ booking_id }).pluck('kind');
      expect((await change(sam, address, { category: 'report' })).status).to.equal(200);
      expect(await told()).to.deep.equal([]);
      expect((await change(sam, address, { category: 'brief' })).status).to.equal(200);
      expect(await told()).to.include('document_added');
    });

    it('tells whom a release tells when it shows a document, unless staff choose others', async () => {
      const { id, booking_id, address } = await aDocument({ category: 'report' });
      const rita = await personOf(app.db, 'rita');
      const rob = await personOf(app.db, 'rob');
      await app.db('booking_contacts').insert({
        id: randomUUID(),
        booking_id,
        user_id: rob.id,
        role: 'report_recipient',
        created_by_id: rita.id,
      });
      const told = async () =>
        (await app.db('emails').where({ booking_id, kind: 'document_added' }).pluck('recipient')).sort();
      const { fields, values, version } = await openForm(sam, address);
      const ticked = fields.filter(({ type, value }) => type === 'checkbox' && value === true);
      expect(ticked.map(({ name }) => name)).to.have.members([`tell_${rita.id}`, `tell_${rob.id}`]);
      await sendForm(sam, address, {
        version,
        values: { ...values, category: 'brief', [`tell_${rita.id}`]: 'false' },
      }).expect(200);
      expect(await told()).to.deep.equal(['rob@harbour-legal.example']);
      expect(await lastChange(id)).to.deep.include({ after: 'brief', recipients: [rob.id] });
      expect((await openForm(sam, address)).fields.map(({ name }) => name)).to.deep.equal(['category']);
      await change(sam, address, { category: 'report' });
      await change(sam, address, { category: 'other' });
      const both = ['rita@harbour-legal.example', 'rob@harbour-legal.example'];
      expect(await told()).to.deep.equal([...both, 'rob@harbour-legal.example'].sort());
    });

    it('is changed and announced once when the form is sent twice', async () => {
      const { booking_id, address } = await aDocument({ category: 'dictation' });
      const { version } = await openForm(sam, address);
      const twice = [1, 2].map(() => sendForm(sam, address, { version, values: { category: 'other' } }));
      expect((await Promise.all(twice)).map(({ status }) => status)).to.deep.equal([200, 200]);
      expect(await app.db('emails').where({ booking_id, kind: 'document_added' })).to.have.length(1);
    });

    it('does not show a document whose bytes are withheld, nor tells a stranger of it', async () => {
      for (const withheld of [
        { status: 'checking' },
        { status: 'infected', scanned_at: new Date() },
        { damaged_at: new Date() },
      ]) {
        const { id, address } = await aDocument({ category: 'report', ...withheld });
        const { status, body } = await change(sam, address, { category: 'brief' });
        expect([status, body.code]).to.deep.equal([409, 'document_unavailable']);
        expect(await app.db('documents').where({ id }).first('category')).to.include({ category: 'report' });
        expect((await change(sam, address, { category: 'dictation' })).status).to.equal(200);
      }
      const { address } = await aDocument({ category: 'dictation' });
      const { id } = await personOf(app.db, 'nadia');
      const refused = await change(sam, address, { category: 'brief', [`tell_${id}`]: 'true' });
      expect(refused.status).to.equal(422);
    });

    it('offers neither download nor release of a document whose bytes are withheld', async () => {
      for (const [withheld, expected] of [
        [{}, 200],
        [{ status: 'checking' }, 409],
        [{ status: 'infected', scanned_at: new Date() }, 409],
        [{ damaged_at: new Date() }, 409],
      ] as const) {
        const { id } = await aDocument({ category: 'report', ...withheld });
        for (const action of ['view', 'release'])
          await sam.get(formAddress('documents', id, action)).expect(expected);
      }
    });

    it('is not changed over somebody else’s change without being asked again', async () => {
      const { address } = await aDocument();
      const { version } = await openForm(sam, address);
      expect((await change(ada, address, { category: 'other' })).status).to.equal(200);
      const values = { category: 'consent_form' };
      const { body } = await sendForm(sam, address, { version, values }).expect(409);
      expect(body.errors).to.deep.equal([{ path: 'category', message: 'Now: Other' }]);
      await sendForm(sam, address, { version: body.version as string, values }).expect(200);
    });

    it('stays when the document is a mail, which is no consent form, or a released report', async () => {
      const mail = await aDocument({ mime_type: 'message/rfc822' });
      const refused = await change(sam, mail.address, { category: 'consent_form' });
      expect([refused.status, refused.body.errors[0].message]).to.deep.equal([
        422,
        'A mail can only be: Brief, Other',
      ]);
      const report = await aDocument({ category: 'report' });
      const { version } = await openForm(sam, report.address);
      await app.db('documents').where({ id: report.id }).update({ released_at: new Date(), releases: 1 });
      const released = await sendForm(sam, report.address, { version, values: { category: 'other' } });
      expect([released.status, released.body.detail]).to.deep.equal([
        409,
        'Staff change the category of documents that are not deleted, and of reports that are not released.',
      ]);
      const deleted = await aDocument({ deleted_at: new Date() });
      await sam.get(deleted.address).expect(409);
      await change(sam, mail.address, { category: 'poem' }).then(({ status }) =>
        expect(status).to.equal(422),
      );
    });
  });
});
