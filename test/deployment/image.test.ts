// Sets up an agency in the image's layout with production's configuration: what an operator and the first people do, in
// the order of docs/first-start.md, over HTTP and with the commands of the README.
import { createHash } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { openAgencyServices, type AgencyServices } from '../support/agency-services.ts';
import { pdf } from '../support/builders/files.ts';
import { openImageRun, type ImageProcess, type ImageRun } from '../support/image-run.ts';
import { openProxy, type Proxy } from '../support/keep-alive-proxy.ts';
import { waitForMail } from '../support/mailbox.ts';
import { totp } from '../support/totp.ts';
import { createVisitor, type Visitor } from '../support/visitor.ts';

const password = 'teapot granite violin meadow';
const rita = 'rita@harbour.example';
const ewan = {
  firstName: 'Ewan',
  lastName: 'Marsh',
  phone: '0412 345 678',
  email: '',
  'dateOfBirth-day': '27',
  'dateOfBirth-month': '3',
  'dateOfBirth-year': '1984',
  claimNumber: 'CL-2207',
  notes: '',
};

describe('an agency set up from the image', function () {
  this.timeout(120_000);
  let services: AgencyServices;
  let proxy: Proxy;
  let image: ImageRun;
  const processes: ImageProcess[] = [];
  let admin: Visitor;
  let referrer: Visitor;
  let booking: { id: string; acuityAppointmentId: number; startsAt: string };

  before(async () => {
    services = await openAgencyServices();
    proxy = await openProxy({ keepsConnections: true });
    image = await openImageRun({
      ...services.env,
      BASE_URL: proxy.url,
      TRUST_PROXY: '1',
      STOP_GRACE_SECONDS: '0',
      WEBHOOK_DELAY_SECONDS: '0',
      RUN_WORKER: 'false',
      RUN_RELAY: 'false',
    });
    [admin, referrer] = [createVisitor(proxy.url), createVisitor(proxy.url)];
  });
  after(async () => {
    await image?.close();
    await proxy?.close();
    await services?.close();
  });
  // Each test needs the ones before it.
  afterEach(function () {
    if (this.currentTest?.state === 'failed') {
      process.stderr.write(`${image?.said().split('\n').slice(-30).join('\n')}\n`);
      this.test?.parent?.bail(true);
    }
  });

  const start = async (file: string, env: Record<string, string> = {}) => {
    const started = await image.start(file, env);
    processes.push(started);
    return started;
  };
  const mailTo = (address: string, subject: RegExp) =>
    waitForMail(services.mailbox, (mail) => mail.to.includes(address) && subject.test(mail.subject), 30_000);
  const acuity = async (method: string, where: string, body?: object): Promise<unknown> => {
    const { ACUITY_USER_ID: user, ACUITY_API_KEY: key } = services.env;
    const answer = await fetch(`${services.simulator.url}/api/v1${where}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${user}:${key}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    expect(answer.status, where).to.equal(200);
    return answer.json();
  };
  const until = async <T>(look: () => Promise<T | null>): Promise<T> => {
    for (const deadline = Date.now() + 30_000; ; await sleep(100)) {
      const found = await look();
      if (found !== null) return found;
      if (Date.now() > deadline) throw new Error('It did not become so in 30 seconds');
    }
  };
  const upload = async (person: Visitor, category: string, name: string, bytes: Buffer): Promise<string> => {
    const form = new FormData();
    form.set('category', category);
    form.append('files', new Blob([new Uint8Array(bytes)]), name);
    const answer = await person.raw(`/bookings/${booking.id}/documents`, { method: 'POST', body: form });
    expect(answer.status, await answer.clone().text()).to.equal(303);
    const page = await person.get(`/bookings/${booking.id}`);
    const shown = page.all('.document').find((one) => one.getAttributeValue('data-file-name') === name);
    return shown?.getAttributeValue('data-document') ?? '';
  };

  it('migrate creates the schema as the owner, and grants the app what it needs', async () => {
    const first = await image.command('migrate', [], services.migrationEnv);
    expect(first.code, first.said).to.equal(0);
    expect(first.said).to.match(
      /Applied to [\s\S]*_accounts\.ts[\s\S]*The role agency_\w+_app of the app may use it/,
    );
    const again = await image.command('migrate', [], services.migrationEnv);
    expect(again.said).to.contain('is up to date');
  });

  it('the processes start and report that they are ready', async () => {
    const [web, relay] = [
      await start(image.plan.command.at(-1) ?? ''),
      await start(image.commands.get('relay') ?? '', { RUN_RELAY: 'true' }),
      await start('src/worker.ts', { RUN_WORKER: 'true' }),
    ];
    proxy.route('/', [web.port]);
    proxy.route('/automation/acuity', [relay.port]);
    const ready = await fetch(`${proxy.url}/readyz`);
    const { checks } = (await ready.json()) as { checks: Record<string, string> };
    expect(ready.status, JSON.stringify(checks)).to.equal(200);
    expect(checks).to.include({ database: 'ok', storage: 'ok', acuity: 'ok', jobs: 'ok' });
  });

  it('create-admin invites the first admin, who chooses a password and sets up two-step sign-in', async () => {
    const made = await image.command('create-admin', ['--email', 'grace@agency.example']);
    expect(made.code, made.said).to.equal(0);
    const link = new URL(/http\S+\/account\/invitation\/\S+/.exec(made.said)?.[0] ?? '');
    expect(link.origin).to.equal(proxy.url);
    const inside = await admin.post(link.pathname, { name: 'Grace Hopper', password });
    expect(inside.at, 'nothing else before the second step').to.equal('/account/two-factor');
    expect((await admin.get('/admin')).at).to.contain('/account/two-factor');
    const setUp = await admin.post('/account/two-factor', { password });
    const done = await admin.post('/account/two-factor/set-up', { code: totp(setUp.text('.secret')) });
    expect(done.texts('.recovery-codes li')).to.have.length(10);
    expect((await admin.get('/admin')).status).to.equal(200);
    expect((await image.command('create-admin', ['--email', 'two@agency.example'])).said).to.contain(
      'There is an administrator already',
    );
  });

  it('acuity:connect connects to Acuity', async () => {
    const made = await image.command('acuity:connect');
    expect(made.code, made.said).to.equal(0);
    expect(made.said)
      .to.contain('Say which question is which detail')
      .and.to.contain('Add a specialist for each');
    const there = (await acuity('GET', '/webhooks')) as { target: string; status: string }[];
    expect(there).to.have.length.above(0);
    for (const one of there)
      expect(one).to.include({ target: `${proxy.url}/automation/acuity`, status: 'active' });
  });

  it('an admin adds a specialist from a calendar of Acuity', async () => {
    const values = {
      calendarId: '7001',
      name: 'Amelia Hart',
      title: 'Dr',
      specialty: 'Orthopaedic surgery',
      location: 'Level 8, 210 George Street, Sydney NSW 2000',
      position: '1',
      isActive: true,
      in_person: '8001',
      telehealth: '',
    };
    const added = await admin.raw('/admin/api/resources/specialists/actions/new', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ version: '', ...values }),
    });
    expect(added.status, await added.text()).to.equal(200);
  });

  it('an admin maps Acuity’s questions to details by the suggestions', async () => {
    const before = await admin.get('/admin/acuity-questions');
    expect(before.text('#reference-gap')).to.contain('No question holds our reference');
    const saved = await admin.post('/admin/acuity-questions', before.form('/admin/acuity-questions'));
    expect(saved.at).to.equal('/admin/acuity-questions?saved');
    expect(saved.has('#reference-gap')).to.equal(false);
  });

  it('an admin invites a referrer, who accepts', async () => {
    const made = await admin.post('/account/organizations', { organizationName: 'Harbour Legal' });
    const form = { ...made.form('/account/invitations'), email: rita, name: 'Rita', role: 'referrer' };
    const invited = await admin.post('/account/invitations', form);
    expect(invited.text('.notice')).to.contain('The invitation has been sent');
    const mail = await mailTo(rita, /invitation/);
    expect(mail.from).to.contain('bookings@agency.internal');
    const link = new URL(/Accept[^:\n]*: (http\S+)/.exec(mail.text)?.[1] ?? '');
    const inside = await referrer.post(link.pathname, { name: 'Rita Alvarez', password });
    expect(inside.text('.person-organization')).to.equal('Harbour Legal');
  });

  it('a referrer books', async () => {
    const choose = await referrer.get('/bookings/new');
    const specialistId = choose.attribute('input[name="specialistId"]', 'value');
    const time = await referrer.post('/bookings/new', { specialistId, type: 'in_person' });
    const draft = /\/bookings\/new\/([0-9a-f-]{36})/.exec(time.at)?.[1] ?? '';
    const startsAt = time.attribute('input[name="startsAt"]', 'value');
    await referrer.post(`/bookings/new/${draft}/time`, { startsAt });
    const check = await referrer.post(`/bookings/new/${draft}/examinee`, ewan);
    expect(check.text('h1'), check.text('main')).to.equal('Check your answers');
    const booked = await referrer.post('/bookings', check.form('/bookings'));
    expect(booked.text('.confirmation-title')).to.equal('Booked');
    await mailTo(rita, /Examination booked/);
    const id = /\/bookings\/([0-9a-f-]{36})/.exec(booked.at)?.[1] ?? '';
    booking = await bookingOf(id);
    expect(booking.startsAt).to.equal(startsAt);
    const made = await acuity('GET', `/appointments/${booking.acuityAppointmentId}`);
    expect(JSON.stringify(made)).to.contain(booked.text('.confirmation-reference')).and.to.contain('Marsh');
  });

  const bookingOf = async (id: string): Promise<typeof booking> => {
    const answer = await referrer.raw(`/bookings/${id}`, { headers: { accept: 'application/json' } });
    expect(answer.status).to.equal(200);
    return ((await answer.json()) as { booking: typeof booking }).booking;
  };

  it('the booking follows when the clinic moves it in Acuity', async () => {
    const day = new Date(Date.parse(booking.startsAt) + 7 * 86_400_000).toISOString().slice(0, 10);
    const free = await until(async () => {
      const times = (await acuity(
        'GET',
        `/availability/times?date=${day}&appointmentTypeID=8001&calendarID=7001`,
      )) as { time: string }[];
      return times.at(-1)?.time ?? null;
    });
    await acuity('PUT', `/appointments/${booking.acuityAppointmentId}/reschedule?admin=true`, {
      datetime: free,
    });
    const moved = await until(async () => {
      const now = await bookingOf(booking.id);
      return now.startsAt === booking.startsAt ? null : now;
    });
    expect(Date.parse(moved.startsAt)).to.equal(Date.parse(free.replace(/(\d\d)$/, ':$1')));
    await mailTo(rita, /moved/i);
  });

  it('staff receive a brief from the referrer, and release a report to them', async () => {
    await upload(referrer, 'brief', 'Brief.pdf', pdf(20_000));
    const report = pdf(6_000_000);
    const id = await upload(admin, 'report', 'Report.pdf', report);
    expect((await referrer.raw(`/documents/${id}`)).status, 'a draft').to.equal(404);
    const asks = await admin.get(`/documents/${id}/release`);
    const released = await admin.post(asks.at, asks.form(asks.at));
    expect(released.text('.notice')).to.contain('The report was released');
    await mailTo(rita, /report/i);
    const fetched = await referrer.raw(`/documents/${id}`);
    expect(fetched.status).to.equal(200);
    const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
    expect(hash(Buffer.from(await fetched.arrayBuffer()))).to.equal(hash(report));
  });

  it('doctor, reconcile and audit:verify find nothing wrong', async () => {
    const doctor = await image.command('doctor');
    expect(doctor.said).to.contain('Every examination has our reference');
    const reconciled = await image.command('reconcile');
    expect(reconciled.said, reconciled.said).to.contain('0 differences');
    const verified = await image.command('audit:verify');
    expect(verified.said).to.contain('The audit log is unchanged');
    for (const { code, said } of [reconciled, verified]) expect(code, said).to.equal(0);
    const wrong = doctor.said.match(/^wrong +[^:]+/gm) ?? [];
    expect(wrong, doctor.said).to.deep.equal(services.hasRedis ? [] : ['wrong    Redis']);
  });

  it('import reports what it would take over, and takes over nothing', async () => {
    const file = path.resolve(import.meta.dirname, '../../docs/import/people.csv');
    const { code, said } = await image.command('import', ['people', file]);
    expect(code, said).to.equal(0);
    const people = await admin.get('/account/people');
    expect(people.texts('.people-groups li')).to.have.length(2);
  });

  it('npm start starts the web process, and every other command runs', async () => {
    const web = await start(image.commands.get('start') ?? '');
    expect((await fetch(`http://127.0.0.1:${web.port}/healthz`)).status).to.equal(200);
    // A command added later: without arguments it does its work or prints what it lacks.
    for (const [name, file] of image.commands) {
      if (image.started.has(file)) continue;
      const { code, said } = await image.command(name);
      expect(code, `npm run ${name}: ${said}`).to.be.oneOf([0, 1, 2]);
      expect(said, `npm run ${name}`).not.to.match(/ERR_MODULE_NOT_FOUND|^\s+at /m);
    }
    expect([...image.started]).to.include.members([...image.commands.values()]);
  });

  it('all processes stop cleanly, without an error or an examinee in the log', async () => {
    const codes = await Promise.all(processes.map((one) => one.stop()));
    expect(codes).to.deep.equal(processes.map(() => 0));
    const said = image.said();
    expect(said).not.to.match(/Ewan|Marsh|412 ?345|CL-2207|Brief\.pdf|Report\.pdf/);
    expect(said.split('\n').filter((line) => /"level":[56]0/.test(line))).to.deep.equal([]);
  });
});
