import { expect } from 'chai';
import { questionLines, typeLines } from '../../src/doctor/acuity.checks.ts';
import { lifecycleLines } from '../../src/doctor/bucket.checks.ts';
import type { Line } from '../../src/doctor/check.ts';
import { clockLine, diskLine } from '../../src/doctor/machine.checks.ts';
import { mailFailureLine, senderLine } from '../../src/doctor/mail.checks.ts';
import { signaturesLine } from '../../src/doctor/scanner.check.ts';
import { sealLines } from '../../src/doctor/seals.check.ts';
import { ringLines, secretLines, type Secrets } from '../../src/doctor/secrets.check.ts';
import { unreachableLine } from '../../src/doctor/database.checks.ts';
import { certificateLine, proxyLine } from '../../src/doctor/web.checks.ts';
import { workerLines } from '../../src/doctor/workers.check.ts';
import { bucketLifecycle } from '../../src/documents/index.ts';
import type { LifecycleRule } from '../../src/ports/object-store.ts';
import { costsOfNoReference, type MappingField, type MappingView } from '../../src/questions/index.ts';
import type { Specialist } from '../../src/specialists/index.ts';
import { noProfile } from '../support/builders/specialist.ts';

const now = new Date('2026-11-29T12:00:00Z');
const before = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
const days = (n: number) => new Date(now.getTime() + n * 86_400_000);
const short = (lines: Line[]) => lines.map(({ state, says }) => `${state}: ${says}`);

describe('the line about a database that cannot be used', () => {
  const failed = (code: string) => unreachableLine(Object.assign(new Error('x'), { code }));

  it('names the password when the database refuses it', () => {
    expect(failed('28P01').says).to.equal('The database refuses the password: 28P01');
    expect(failed('28P01').mend?.text).to.contain('DATABASE_PASSWORD');
  });

  it('names the role when the database refuses it, and the address otherwise', () => {
    expect(failed('28000').says).to.equal('The database refuses the role of DATABASE_URL: 28000');
    expect(failed('ECONNREFUSED').says).to.equal('The database cannot be reached: ECONNREFUSED');
  });
});

describe('the lines about Acuity’s questions', () => {
  const page = '/admin/acuity-questions';
  const lund = { specialist: 'Dr Erik Lund', type: 'telehealth' as const };
  const park = { specialist: 'Dr Min Park', type: 'in_person' as const };
  const nothing = { lost: 0, newRequired: 0, withoutReference: 0 };
  const field = (change: Partial<MappingField>): MappingField => ({
    id: 9200,
    form: 'Clinic',
    name: 'Room',
    type: 'textbox',
    required: true,
    isInternal: true,
    detail: null,
    fixedBy: null,
    suggestion: null,
    change: null,
    isMappable: true,
    ...change,
  });
  const view = (
    lacking: MappingView['details'][number]['lacking'],
    more: Partial<MappingView> = {},
  ): MappingView => ({
    forms: [],
    asOf: now,
    isStale: false,
    removed: [],
    serviceCount: 2,
    saved: null,
    token: '0.a.b',
    details: [{ name: 'reference', label: 'Booking reference', fieldId: 9101, lacking }],
    ...more,
  });
  const formOf = (...fields: MappingField[]) => [
    { id: 1, name: 'Clinic', isInternal: true, services: [], hasAllServices: true, fields },
  ];

  it('are ok when every examination has our reference', () => {
    expect(short(questionLines(view([]), nothing, page))).to.deep.equal([
      'ok: Every examination has our reference',
      'ok: Every required question is asked or mapped',
    ]);
  });

  it('name the examinations, the costs and the page when some go without our reference', () => {
    const [line] = questionLines(view([lund]), nothing, page);
    expect(line?.says).to.equal('1 of 2 examinations go without our reference');
    expect(line?.means).to.deep.equal(['Missing for Dr Erik Lund: telehealth.', ...costsOfNoReference]);
    expect(line?.mend?.page).to.equal(page);
  });

  it('name no examination when all go without our reference', () => {
    const [line] = questionLines(view([lund, park]), nothing, page);
    expect(line?.says).to.equal('Every examination goes without our reference');
    expect(line?.means?.join()).not.to.contain('Lund');
  });

  it('names the details without a question when no specialist offers an examination', () => {
    const none = view([], {
      serviceCount: 0,
      details: [
        { name: 'reference', label: 'Booking reference', fieldId: null, lacking: [] },
        { name: 'claim_number', label: 'Claim number', fieldId: null, lacking: [] },
        { name: 'notes', label: 'Notes', fieldId: 9102, lacking: [] },
      ],
    });
    const [line] = questionLines(none, nothing, page);
    expect(line?.state).to.equal('warning');
    expect(line?.says).to.equal('No question in Acuity holds our reference yet');
    expect(line?.means?.[0]).to.equal('Without a question: Booking reference, Claim number.');
    expect(line?.mend?.page).to.equal(page);
  });

  it('mention no examinations when no specialist offers one and the reference has its question', () => {
    const [line] = questionLines(view([], { serviceCount: 0 }), nothing, page);
    expect(line?.says).to.equal('A question in Acuity holds our reference');
    expect(line?.means).to.deep.equal(['No active specialist offers an examination yet.']);
  });

  it('say so when Acuity cannot be read, or never was', () => {
    expect(short(questionLines(view([], { isStale: true }), nothing, page))).to.include(
      'warning: Acuity’s questions cannot be read at the moment',
    );
    expect(short(questionLines(view([], { forms: null }), nothing, page))).to.deep.equal([
      'wrong: Acuity’s questions were never read, and cannot be read at the moment',
    ]);
  });

  it('are wrong about a required question that nobody is asked', () => {
    const lines = questionLines(view([], { forms: formOf(field({})) }), nothing, page);
    expect(short(lines)).to.include('wrong: “Room” is required on an internal form, and nobody is asked it');
    const harmless = [
      field({ required: false }),
      field({ detail: 'claim_number' }),
      field({ isInternal: false }),
    ];
    expect(short(questionLines(view([], { forms: formOf(...harmless) }), nothing, page))).to.deep.equal([
      'ok: Every examination has our reference',
      'ok: Every required question is asked or mapped',
    ]);
  });

  it('report lost details and new required questions', () => {
    const lines = short(questionLines(view([]), { ...nothing, lost: 1, newRequired: 2 }, page));
    expect(lines).to.include('wrong: 1 detail has lost the question that held it');
    expect(lines).to.include('warning: 2 required questions are new and mapped to no detail');
  });
});

describe('the lines about appointment types', () => {
  const lund: Specialist = {
    id: 'x',
    name: 'Dr Erik Lund',
    title: null,
    specialty: 'Neurology',
    location: null,
    timezone: 'Australia/Sydney',
    profile: noProfile,
    acuityCalendarId: 7001,
    isActive: true,
    services: [{ type: 'telehealth', acuityAppointmentTypeId: 8001, durationMinutes: 60 }],
  };
  const calendar = { id: 7001, name: 'Lund', location: null, timezone: 'Australia/Sydney' };
  const type = { id: 8001, name: 'IME', durationMinutes: 60, calendarIds: [7001] };
  const lines = (...[calendars, types]: [(typeof calendar)[], (typeof type)[]]) =>
    short(typeLines([lund], calendars, types, '/page'));

  it('are ok when each type is active on the calendar of its specialist', () => {
    expect(lines([calendar], [type])).to.deep.equal([
      'ok: Every appointment type is there and active (examinations: 1, specialists: 1)',
    ]);
  });

  it('are wrong when a calendar or a type is gone, or the type is offered elsewhere', () => {
    expect(lines([], [type])).to.deep.equal(['wrong: Dr Erik Lund: Acuity has no calendar 7001']);
    expect(lines([calendar], [])).to.deep.equal([
      'wrong: Dr Erik Lund, telehealth: Acuity has no active appointment type 8001',
    ]);
    expect(lines([calendar], [{ ...type, calendarIds: [7002] }])).to.deep.equal([
      'wrong: Dr Erik Lund, telehealth: the appointment type “IME” is not offered on this calendar',
    ]);
  });

  it('warn when the calendar is in another zone than the specialist', () => {
    expect(lines([{ ...calendar, timezone: 'Australia/Perth' }], [type])).to.deep.equal([
      'warning: Dr Erik Lund: the calendar’s time zone is Australia/Perth, ours is Australia/Sydney',
    ]);
  });
});

describe('the lines about the bucket’s lifecycle', () => {
  const none: LifecycleRule = {
    prefix: '',
    abortsUploadsAfter: null,
    removesObjectsAfter: null,
    removesOldVersionsAfter: null,
    removesDeleteMarkers: false,
  };

  it('are ok for the rules of docs/documents.md, and for one that covers a whole bucket', () => {
    expect(short(lifecycleLines(bucketLifecycle))).to.deep.equal(['ok: The lifecycle rules are set']);
    const [pending, ...rest] = bucketLifecycle as [LifecycleRule, ...LifecycleRule[]];
    const whole = { ...none, removesOldVersionsAfter: 30 };
    expect(rest).to.have.length(2);
    expect(short(lifecycleLines([whole, pending]))).to.deep.equal(['ok: The lifecycle rules are set']);
  });

  it('warn about each prefix without its rule', () => {
    expect(short(lifecycleLines([]))).to.deep.equal([
      'warning: A lifecycle rule for pending/ is missing',
      'warning: A lifecycle rule for documents/ is missing',
      'warning: A lifecycle rule for strays/ is missing',
    ]);
    expect(lifecycleLines([])[0]?.means).to.have.length(3);
  });

  it('are wrong when a rule removes documents', () => {
    const lines = lifecycleLines([...bucketLifecycle, { ...none, removesObjectsAfter: 30 }]);
    expect(short(lines)).to.include('wrong: A lifecycle rule removes documents/ after 30 days');
  });
});

describe('the line about the proxy', () => {
  const forged = '203.0.113.7';
  const line = (
    [address, forwardedFor, trusts, isHttps = true]: [
      string,
      string | null,
      'nobody' | 'hops' | 'addresses',
      boolean?,
    ],
    peer = '10.0.0.2',
  ) => {
    const { state, says } = proxyLine({ address, peer, forwardedFor, trusts }, isHttps);
    return `${state}: ${says}`;
  };

  it('is ok when the app sees the address that the proxy added', () => {
    const asked = 'ok: The app knows the address that a request comes from';
    expect(line(['198.51.100.1', `${forged}, 198.51.100.1`, 'hops'])).to.equal(asked);
    expect(line(['198.51.100.1', '198.51.100.1', 'hops'])).to.equal(asked);
    expect(line(['127.0.0.1', `${forged}, 127.0.0.1`, 'hops'], '127.0.0.1'), 'all on one machine').to.equal(
      asked,
    );
  });

  it('is wrong when the app believes a forged address', () => {
    const forgeable = 'wrong: The app believes any address that a client claims to have';
    expect(line([forged, forged, 'hops'])).to.equal(forgeable);
    expect(line([forged, `${forged}, 198.51.100.1`, 'hops'])).to.equal(forgeable);
  });

  it('is wrong when everybody has the proxy’s address', () => {
    expect(line(['10.0.0.2', `${forged}, 198.51.100.1`, 'nobody'])).to.equal(
      'wrong: A proxy stands before the app, and TRUST_PROXY is unset',
    );
    expect(line(['10.0.0.2', `${forged}, 198.51.100.1`, 'hops'])).to.equal(
      'wrong: TRUST_PROXY does not name the proxy that asks: 10.0.0.2',
    );
    expect(line(['10.0.0.2', null, 'hops'])).to.equal('wrong: The proxy sends no X-Forwarded-For');
    expect(line(['10.0.0.2', forged, 'nobody'])).to.equal(
      'wrong: The proxy that ends https passes X-Forwarded-For on unchanged',
    );
  });

  it('warns when it asks from an address that the app believes', () => {
    const untold = 'warning: This machine is one of the proxies that TRUST_PROXY names';
    expect(line([forged, `${forged}, 127.0.0.1`, 'addresses'], '127.0.0.1')).to.equal(untold);
    expect(line([forged, forged, 'addresses', false], '127.0.0.1')).to.equal(untold);
    expect(line([forged, forged, 'addresses'], '127.0.0.1'), 'the proxy adds nothing').to.match(/^wrong/);
  });

  it('is ok when no proxy stands before an app without https', () => {
    expect(line(['10.0.0.2', forged, 'nobody', false])).to.equal('ok: No proxy stands before the app');
  });
});

describe('the line about the certificate', () => {
  const state = (validTo: Date, fault: string | null = null) =>
    certificateLine({ validTo, fault }, now).state;

  it('is ok, a warning in its last two weeks, and wrong when it has expired or is not trusted', () => {
    expect(state(days(60))).to.equal('ok');
    expect(certificateLine({ validTo: days(13), fault: null }, now)).to.include({
      state: 'warning',
      says: 'The certificate is valid for 13 more days',
    });
    expect(certificateLine({ validTo: days(-1), fault: 'CERT_HAS_EXPIRED' }, now).says).to.equal(
      'The certificate has expired',
    );
    expect(state(days(60), 'DEPTH_ZERO_SELF_SIGNED_CERT')).to.equal('wrong');
  });
});

describe('the lines about this machine', () => {
  it('compare clocks', () => {
    expect(clockLine('Acuity’s', 900).state).to.equal('ok');
    expect(clockLine('Acuity’s', 12_000)).to.include({
      state: 'warning',
      says: 'This machine’s clock is 12 seconds ahead of Acuity’s',
    });
    expect(clockLine('Acuity’s', -90_000)).to.include({
      state: 'wrong',
      says: 'This machine’s clock is 90 seconds behind Acuity’s',
    });
  });

  it('report the free disk space', () => {
    const gigabyte = 1_073_741_824;
    expect(diskLine('/tmp', 20 * gigabyte)).to.deep.equal({ state: 'ok', says: '20.0 GB free in /tmp' });
    expect(diskLine('/tmp', gigabyte / 2).state).to.equal('warning');
    expect(diskLine('/tmp', 50_000_000).state).to.equal('wrong');
  });
});

describe('the lines about workers', () => {
  it('are ok when each kind is alive, and wrong when one is not', () => {
    expect(short(workerLines({ jobs: 2, relay: 1 }))).to.deep.equal([
      'ok: 2 processes work jobs',
      'ok: One process delivers Acuity’s events',
    ]);
    expect(short(workerLines({ jobs: 0, relay: 0 }))).to.deep.equal([
      'wrong: No process works jobs',
      'wrong: No process delivers Acuity’s events',
    ]);
  });
});

describe('mailFailureLine', () => {
  it('asks for encryption when the mail server offers none', () => {
    const line = mailFailureLine(Object.assign(new Error('x'), { code: 'ETLS' }));
    expect(short([line])).to.deep.equal(['wrong: The mail server offers no encryption: ETLS']);
    expect(line.mend?.text).to.contain('?ignoreTLS=true');
  });
});

describe('the line about the sender', () => {
  const state = (sender: string, isProduction = true) => senderLine(sender, isProduction).state;

  it('is ok for an address of a domain, with a name or without', () => {
    expect(state('Your Agency <bookings@agency.com.au>')).to.equal('ok');
    expect(state('bookings@agency.com.au')).to.equal('ok');
    expect(state('Examdesk <bookings@examdesk.example>', false)).to.equal('ok');
  });

  it('is wrong for an example in production, and for what is no address', () => {
    expect(state('Examdesk <bookings@examdesk.example>')).to.equal('wrong');
    expect(state('bookings@example.com')).to.equal('wrong');
    expect(state('Your Agency')).to.equal('wrong');
    expect(state('a@b.com, c@d.com')).to.equal('wrong');
  });
});

describe('the line about virus signatures', () => {
  it('warns when they are older than a week, or of no age', () => {
    expect(signaturesLine(before(60), now).says).to.equal('Its signatures are of today');
    expect(signaturesLine(days(-7), now).state).to.equal('ok');
    expect(signaturesLine(days(-8), now)).to.include({
      state: 'warning',
      says: 'Its signatures are 8 days old',
    });
    expect(signaturesLine(null, now).state).to.equal('warning');
  });
});

describe('the lines about the audit seals', () => {
  const good = { lastSealedAt: before(1), unsealedSince: before(0), hasKey: true, rows: 12, faults: [] };
  const fault = { seal: 3, fromId: 0, toId: 9, fault: 'changed' as const };
  const lines = (change: object) => short(sealLines({ ...good, ...change }, now, '/jobs'));

  it('are ok when the last seal is recent and valid', () => {
    expect(lines({})).to.deep.equal([
      'ok: Everything is sealed; the last seal is one minute old',
      'ok: The recent seals fit the audit log (12 rows)',
    ]);
    expect(lines({ lastSealedAt: null, unsealedSince: null, rows: 0 })).to.deep.equal([
      'ok: Nothing has to be sealed yet',
    ]);
    expect(lines({ lastSealedAt: before(600), unsealedSince: null })[0], 'a quiet night').to.match(/^ok/);
  });

  it('warn when rows wait for their seal', () => {
    expect(lines({ unsealedSince: before(25) })[0]).to.equal(
      'warning: Rows of the audit log wait for their seal for 25 minutes',
    );
  });

  it('are wrong when a seal is invalid, or its key is unknown', () => {
    expect(lines({ faults: [fault] })[1]).to.equal('wrong: 1 of the recent seals does not fit the audit log');
    expect(lines({ hasKey: false, faults: [{ ...fault, fault: 'unknown_key' }] }).slice(1)).to.deep.equal([
      'wrong: The last seal was made with a key that ENCRYPTION_KEYS does not name',
    ]);
  });
});

describe('the lines about secrets', () => {
  const strong: Secrets = {
    BETTER_AUTH_SECRET: ['q7Yw0vJ1m3mC4oYk9sT2xZ8rB5nL6pQd'],
    sealKey: Buffer.from('8f3a61c09be2d7541f60a8c3e97b254d01fe86a7c5934bd2087e1f6a3c9d5b42', 'hex'),
    ACUITY_API_KEY: ['0f1e2d3c4b5a69788796a5b4c3d2e1f1'],
    METRICS_TOKEN: 'XkP2vR8sLq4Wm7Zt',
    S3_SECRET_ACCESS_KEY: 'uV7kQ2mXw9Lp4Rt6',
    DATABASE_URL: 'postgres://examdesk_app:uV7kQ2mXw9Lp%23@db:5432/examdesk',
    SMTP_URL: 'smtp://mail:25',
    REDIS_URL: 'redis://redis:6379',
  };
  const lines = (change: Partial<Secrets>) => short(secretLines({ ...strong, ...change }, true));

  it('are ok when all are random, and where there is no password at all', () => {
    expect(lines({})).to.deep.equal(['ok: No secret looks weak, and none is the demo’s']);
  });

  it('are wrong about typed secrets and the demo’s', () => {
    const demoKey = Buffer.from('0123456789abcdef'.repeat(4), 'hex');
    expect(lines({ sealKey: demoKey })[0]).to.match(/^wrong: The first key of ENCRYPTION_KEYS/);
    expect(
      lines({ BETTER_AUTH_SECRET: [...strong.BETTER_AUTH_SECRET, 'please-change-me-please-change-me'] })[0],
    ).to.match(/^wrong: BETTER_AUTH_SECRET/);
    expect(lines({ BETTER_AUTH_SECRET: ['a'.repeat(40)] })[0]).to.match(/^wrong/);
    expect(lines({ ACUITY_API_KEY: ['demo-acuity-key'] })).to.deep.equal([
      'wrong: ACUITY_API_KEY is the demo’s',
    ]);
  });

  it('warn about short passwords in addresses, and show none', () => {
    const found = lines({
      DATABASE_URL: 'postgres://app:hunter2@db/x',
      SMTP_URL: 'smtp://a:50%@mail',
      METRICS_TOKEN: 'short',
    });
    expect(found).to.have.length(3);
    expect(found.join()).not.to.match(/hunter2|50%|: short/);
  });

  it('tell which earlier secrets are still needed while one is changed', () => {
    const [first] = strong.BETTER_AUTH_SECRET;
    const one = { BETTER_AUTH_SECRET: strong.BETTER_AUTH_SECRET, ACUITY_API_KEY: strong.ACUITY_API_KEY };
    const two: typeof one = { BETTER_AUTH_SECRET: ['another', first], ACUITY_API_KEY: ['new', 'old'] };
    expect(short(ringLines(one, 0))).to.deep.equal([]);
    expect(short(ringLines(one, 3))[0]).to.match(/^wrong: 3 second steps/);
    expect(short(ringLines(two, 3))[0]).to.match(/^warning: 3 second steps of sign-in still need/);
    expect(short(ringLines(two, 0))).to.deep.equal([
      'ok: BETTER_AUTH_SECRET has several secrets, and no second step needs an earlier one',
      'ok: ACUITY_API_KEY has several keys',
    ]);
  });

  it('are not checked outside production', () => {
    expect(secretLines({ ...strong, BETTER_AUTH_SECRET: ['x'] }, false)[0]?.state).to.equal('ok');
  });
});
