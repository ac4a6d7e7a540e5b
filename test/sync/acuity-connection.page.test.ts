// The console's page that connects Acuity, against the simulated Acuity over HTTP.
import { expect } from 'chai';
import { dayAhead } from '../support/days.ts';
import { until } from '../support/until.ts';
import { openWebhookStack, type WebhookStack } from '../support/webhook-stack.ts';

const address = '/admin/acuity';

describe('page of the connection to Acuity', () => {
  let stack: WebhookStack;
  beforeEach(async () => {
    stack = await openWebhookStack({ target: null });
  });
  afterEach(() => stack.close());

  it('connects with one button, and shows what it found, made, and what to do next', async () => {
    await stack.app.db('intake_fields').delete();
    const admin = await stack.app.signedInVisitor('ada@examdesk.example');
    const before = await admin.get(address);
    expect(before.text('.panel-warn h2')).to.equal('Acuity is not connected: it tells us of no change');

    const page = await admin.post(address, {});
    expect(page.status).to.equal(200);
    expect(page.has('.panel-warn')).to.equal(false);
    const done = page.text('[role="status"]');
    expect(done).to.contain('Acuity account: ').and.to.contain('11100001');
    expect(done).to.contain(`Webhook appointment.changed to ${stack.app.url}/automation/acuity: made`);
    const next = page.all('#next ~ ol li');
    expect(next[0]?.textContent).to.contain('Say which question is which detail');
    expect(next[0]?.querySelector('a')?.getAttributeValue('href')).to.equal('/admin/acuity-questions');

    const again = await admin.post(address, {});
    expect(again.text('[role="status"]')).to.contain('was there, and is active');
    const audit = await stack.app
      .db('audit_log')
      .where({ resource_type: 'acuity_connection' })
      .whereNotNull('actor_id')
      .orderBy('id')
      .pluck('metadata');
    expect(audit).to.deep.equal([
      { asked: 'connect', made: 1 },
      { asked: 'connect', made: 0 },
    ]);
  });

  it('leaves the first steps on the console’s first page, for admins, until they are done', async () => {
    const { db } = stack.app;
    const attention = async (email = 'ada@examdesk.example') => {
      const agent = await stack.app.signIn(email);
      const { body } = await agent
        .get('/admin/api/dashboard')
        .set('sec-fetch-site', 'same-origin')
        .expect(200);
      return (body as { attention: { label: string; repair: { href: string | null } }[] }).attention
        .filter(({ repair }) => /questions|specialists|people/.test(repair.href ?? ''))
        .map(({ label, repair }) => ({ label, href: repair.href }));
    };
    expect(await attention()).to.deep.equal([]);
    await db('intake_fields').delete();
    await db('specialist_services').delete();
    await db('specialists').delete();
    const questions = '/admin/acuity-questions';
    const specialist = {
      label: 'Add the first specialist',
      href: '/admin/resources/specialists/actions/new',
    };
    expect(await attention()).to.deep.equal([
      { label: 'Say which question is which detail', href: questions },
      specialist,
    ]);
    expect(await attention('sam@examdesk.example')).to.deep.equal([]);
    const admin = await stack.app.signedInVisitor('ada@examdesk.example');
    const connected = await admin.post(address, {});
    const [first, second] = await attention();
    expect(first?.label).to.match(/^Say which question is which detail. Without a question so far: /);
    expect(second).to.deep.equal(specialist);
    for (const step of [first?.label, 'Add a specialist for each calendar that has none: '])
      expect(connected.text('#next ~ ol')).to.contain(step);
    await db('intake_fields').insert({ name: 'reference', acuity_field_id: 1 });
    expect((await attention())[0]).to.deep.equal(specialist);
    await db('members').delete();
    const referrer = { label: 'Invite the first referrer', href: '/account/people' };
    expect((await attention()).slice(0, 2)).to.deep.equal([specialist, referrer]);
    const organization = await db('organizations').first('id');
    const invited = await admin.post('/account/invitations', {
      name: 'Rosa Lind',
      email: 'rosa@harbour-legal.example',
      role: 'referrer',
      organizationId: organization?.id ?? '',
    });
    expect(invited.text('main')).to.contain('rosa@harbour-legal.example');
    expect(await attention()).not.to.deep.include(referrer);
  });

  it('names the calendars without a specialist', async () => {
    await stack.app.db('specialist_services').delete();
    await stack.app.db('specialists').where({ acuity_calendar_id: 7003 }).delete();
    const admin = await stack.app.signedInVisitor('ada@examdesk.example');
    const page = await admin.post(address, {});
    expect(page.text('#next ~ ol')).to.contain('Add a specialist for each calendar that has none');
  });

  const refuse = (path: string) =>
    stack.control('/faults', {
      rules: [
        {
          path,
          effect: {
            status: 401,
            body: { status_code: 401, message: 'Unauthorized', error: 'unauthorized' },
          },
        },
      ],
    });

  it('has a worker check the connection at once when somebody meets Acuity’s refusal, and staff see it', async () => {
    await refuse('/');
    const { db, system } = stack.app;
    const checks = () =>
      db('graphile_worker.jobs').where({ key: 'acuity_refuses_us' }).pluck('task_identifier');
    await system.services.sync.checkSubscriptions();
    expect(await checks()).to.deep.equal([]);
    await db('acuity_connection').update({ trouble: null });
    const rita = await stack.app.signIn('rita@harbour-legal.example');
    const { id } = (await db('specialists').first('id')) as { id: string };
    for (const day of [dayAhead(), dayAhead(1)])
      await rita
        .get(`/specialists/${id}/availability?type=in_person&date=${day}`)
        .set('accept', 'application/json')
        .expect(503);
    await until(async () => (await checks()).length > 0);
    expect(await checks()).to.deep.equal(['check_subscriptions']);
    await system.services.sync.checkSubscriptions();
    const agent = await stack.app.signIn('sam@examdesk.example');
    const { body } = await agent.get('/admin/api/dashboard').set('sec-fetch-site', 'same-origin').expect(200);
    const labels = (body as { attention: { label: string }[] }).attention.map(({ label }) => label);
    expect(labels).to.include('Acuity does not let us in: nobody can book, move or cancel');
  });

  it('says how to fix it when Acuity refuses the key', async () => {
    await refuse('/webhooks');
    const admin = await stack.app.signedInVisitor('ada@examdesk.example');
    const page = await admin.post(address, {});
    expect(page.status).to.equal(409);
    expect(page.text('main')).to.contain('set ACUITY_USER_ID and ACUITY_API_KEY');
    expect((await admin.get(address)).text('main')).to.contain('set ACUITY_USER_ID and ACUITY_API_KEY');
  });
});
