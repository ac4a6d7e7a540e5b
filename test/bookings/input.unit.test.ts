import { mock } from 'node:test';
import { expect } from 'chai';
import { hashOf } from '../../src/attempts/attempt.plan.ts';
import {
  bookingListQuerySchema,
  bookingRequestSchema,
  cancelRequestSchema,
  examineeName,
  examineeSchema,
  idempotencyKeySchema,
  progressRequestSchema,
} from '../../src/bookings/index.ts';
import { isTimeZone, parseInstant } from '../../src/lib/zones.ts';

const examinee = { firstName: 'Ewan', lastName: 'Marsh', phone: '0412 345 678' };
const body = {
  specialistId: '01930000-0000-7000-8000-000000000001',
  type: 'in_person',
  startsAt: '2026-12-01T10:00:00+11:00',
  examinee,
};

function errorsOf(value: unknown): Record<string, string> {
  const parsed = bookingRequestSchema.safeParse(value);
  return Object.fromEntries(
    (parsed.error?.issues ?? []).map((issue) => [issue.path.join('.'), issue.message]),
  );
}
function messageFor(name: keyof typeof examineeSchema.shape, value: unknown): string | undefined {
  return examineeSchema.shape[name].safeParse(value).error?.issues[0]?.message;
}

describe('booking input', () => {
  it('is normalised: names trimmed, phone in E.164, empty boxes null, times in UTC', () => {
    const parsed = bookingRequestSchema.parse({
      ...body,
      examinee: {
        firstName: '  Anne  Marie ',
        lastName: 'O’Brien-Śmith',
        phone: '(02) 9374 4000',
        email: ' ',
        dateOfBirth: '',
      },
      claimNumber: ' ',
      notes: ' a\r\nb ',
      unknown: true,
    });
    expect(parsed).to.deep.equal({
      specialistId: body.specialistId,
      type: 'in_person',
      startsAt: new Date('2026-11-30T23:00:00Z'),
      timezone: null,
      examinee: {
        firstName: 'Anne Marie',
        lastName: 'O’Brien-Śmith',
        phone: '+61293744000',
        email: null,
        dateOfBirth: null,
        interpreterLanguage: null,
      },
      claimNumber: null,
      notes: 'a\nb',
      answers: [],
    });
  });

  it('has one form for a name with an accent, however it was typed', () => {
    expect(examineeSchema.shape.firstName.parse('Zoe\u0308')).to.equal('Zo\u00eb');
  });

  it('examineeSchema accepts an empty first name when there is a last name', () => {
    const parsed = examineeSchema.parse({ ...examinee, firstName: ' ', lastName: 'Suharto' });
    expect(parsed).to.include({ firstName: '', lastName: 'Suharto' });
    expect(examineeName(parsed)).to.equal('Suharto');
    expect(errorsOf({ ...body, examinee: { ...examinee, lastName: '' } })).to.deep.equal({
      'examinee.lastName': 'Enter the examinee’s last name',
    });
  });

  it('examineeSchema reports both names when both are empty, with all other errors', () => {
    expect(errorsOf({ ...body, examinee: { firstName: '', lastName: ' ', phone: '' } })).to.deep.equal({
      'examinee.firstName': 'Enter the examinee’s first name',
      'examinee.lastName': 'Enter the examinee’s last name',
      'examinee.phone': 'Enter the examinee’s phone number',
    });
  });

  it('accepts the names of people', () => {
    for (const name of [
      'Zoë',
      "D'Arcy",
      'O’Neil',
      'Anne-Marie',
      'J. R.',
      '李',
      'محمد',
      'Nguyễn',
      'ʻAkahi'.replace('ʻ', '’'),
      'x'.repeat(100),
      'Ali s/o Rahman',
      'Siti A/L Kumar',
      'Gal·la',
      'Jennifer 8.',
      'Bill (William), 3rd',
      '7',
      'Nguyễn Thị (Lan)',
      'K. S. Chithra d/o Nair',
      'Martínez i Puig, hijo',
      'O’Neill & Sons',
      '𠮷野',
      'සිරිසේන',
    ]) {
      expect(messageFor('firstName', name), name).to.equal(undefined);
    }
  });

  it('tidies a name before checking it', () => {
    for (const [typed, tidied] of [
      ['\ufeffAnne\u00a0Marie\u200b ', 'Anne Marie'],
      ['Anne\tMarie', 'Anne Marie'],
      ['Smith\u2013Jones', 'Smith-Jones'],
      ['Smith\u2212Jones', 'Smith-Jones'],
      ['D´Arcy', "D'Arcy"],
      ['D`Arcy', "D'Arcy"],
      ['D′Arcy', "D'Arcy"],
      ['D’Arcy', 'D’Arcy'],
      ['Mar\u00adga\u200eret', 'Margaret'],
      ['علی\u200cرضا', 'علی\u200cرضا'],
      ['ක්\u200dරිස්', 'ක්\u200dරිස්'],
      ['Jo\u200dhn\u200c', 'John'],
    ] as const)
      expect(examineeSchema.shape.lastName.parse(typed), JSON.stringify(typed)).to.equal(tidied);
    for (const blank of ['\u200b', '\u3164', '\u00ad \u2800'])
      expect(messageFor('lastName', blank)).to.equal('Enter the examinee’s last name');
  });

  it('refuses what is no name, and says what to do', () => {
    expect(messageFor('lastName', '')).to.equal('Enter the examinee’s last name');
    expect(messageFor('lastName', '   ')).to.equal('Enter the examinee’s last name');
    expect(messageFor('firstName', undefined)).to.equal('Enter the examinee’s first name');
    expect(messageFor('lastName', 'Marsh 😀')).to.match(/cannot have emoji/);
    expect(messageFor('lastName', '👨‍👩‍👧')).to.match(/invisible characters|emoji/);
    expect(messageFor('lastName', '🇦🇺')).to.match(/emoji/);
    for (const hidden of ['a\u0000b', 'a\nb', 'a\u001bb', 'a\u202eb', 'a\u202db', 'a\ud800b', 'a\ufffeb']) {
      expect(messageFor('lastName', hidden), JSON.stringify(hidden)).to.match(/invisible characters/);
    }
    for (const odd of ['<b>', 'a>b']) expect(messageFor('lastName', odd), odd).to.match(/cannot have < or >/);
    for (const odd of ['-', '...', "'", '·', '´', '\u0301', 'ʻ', '(-)']) {
      expect(messageFor('lastName', odd), odd).to.match(/must have letters/);
    }
    expect(messageFor('lastName', 'x'.repeat(101))).to.match(/100 characters or fewer/);
  });

  it('refuses a phone number that cannot be called', () => {
    for (const good of [
      '0412 345 678',
      '+61 412 345 678',
      '(02) 9374 4000',
      '+64 21 123 4567',
      '+1 212 555 2368',
    ]) {
      expect(messageFor('phone', good), good).to.equal(undefined);
    }
    for (const bad of [
      '',
      '12',
      'call me',
      '0412 345 678 or 0412 345 679',
      '+999 123',
      '0'.repeat(200),
      '0412 345 678 / 0412 345 679',
      '02 9374 4000, 93744001',
      '0412345678;0412345679',
      '0412345678 x 0412345679',
      '02 9374 4000 ext',
      '02 9374 4000, 4001',
      '02 9374 4000; 4001',
      '02 9374 4000 / 4001',
      '02 9374 4000 x55 x56',
      '0412 345 678 & 0412 345 679',
      '0412 345 678 0412 345 679',
      '0412 345 678 (mum 0412 345 679)',
      '0412 345 678 after 5',
      ['0412345678'],
      412345678,
    ]) {
      expect(messageFor('phone', bad), String(bad)).to.be.a('string');
    }
  });

  it('phoneSchema keeps the extension and reads both international prefixes', () => {
    const phone = examineeSchema.shape.phone;
    for (const typed of [
      '02 9374 4000 ext 55',
      '02 9374 4000 Ext. 55',
      '(02) 9374 4000 x55',
      '02 9374 4000 #55',
      '+61 2 9374 4000;ext=55',
      '0061 2 9374 4000 extension 55',
    ]) {
      expect(phone.parse(typed), typed).to.equal('+61293744000;ext=55');
    }
    for (const typed of [
      '02\u00a09374\u20134000\u00a0ext\u00a055',
      '02 9374 4000 (ext 55)',
      '02 9374 4000, ext 55',
      'tel:+61-2-9374-4000;ext=55',
      '(+61) 2 9374 4000 extn 55',
      '\u202a+61 2 9374 4000 x55\u202c',
      '\u202d+61 2 9374 4000 x55\u202c',
      '+0011 61 2 9374 4000 #55',
      '０２ ９３７４ ４０００ ｘ５５',
    ]) {
      expect(phone.parse(typed), JSON.stringify(typed)).to.equal('+61293744000;ext=55');
    }
    for (const typed of ['0011 64 21 123 4567', '00 64 21 123 4567', '0064211234567', '+64 21 123 4567']) {
      expect(phone.parse(typed), typed).to.equal('+64211234567');
    }
  });

  it('emailSchema accepts and tidies the addresses of RFC 5321', () => {
    for (const good of [
      'ewan@example.com',
      'smith&jones@example.com',
      "mary.o'brien!@example.com",
      'a+b/c=d?e^f_g{h}|i~j#k$l%m*n@sub.example.com.au',
      `${'x'.repeat(64)}@example.com`,
      'ewan@xn--bcher-kva.example',
    ]) {
      expect(examineeSchema.shape.email.parse(good), good).to.equal(good);
    }
    for (const [typed, tidied] of [
      [' ewan@example.com\u200b', 'ewan@example.com'],
      ['mary.o’brien@example.com', "mary.o'brien@example.com"],
      ['mary.o´brien@example.com', "mary.o'brien@example.com"],
      ['ewan\u2011marsh@example.com', 'ewan-marsh@example.com'],
      ['<ewan@example.com>;', 'ewan@example.com'],
      ['mailto:ewan@example.com', 'ewan@example.com'],
      ['ｅｗａｎ＠example.com', 'ewan@example.com'],
      ['\u2003', null],
    ] as const)
      expect(examineeSchema.shape.email.parse(typed), JSON.stringify(typed)).to.equal(tidied);
  });

  it('refuses invalid e-mail addresses', () => {
    for (const bad of [
      'x',
      'a@b',
      'a b@example.com',
      '.a@example.com',
      'a.@example.com',
      'a..b@example.com',
      'a@-example.com',
      'a@example..com',
      'a@192.0.2.1',
      'a@[192.0.2.1]',
      '"a b"@example.com',
      'a@b@example.com',
      'a@example.com, b@example.com',
      'a@example.com\nBcc: x@y.zz',
      `${'x'.repeat(65)}@example.com`,
      `a@${'x'.repeat(64)}.com`,
      `${'x'.repeat(250)}@example.com`,
      ['a@example.com'],
    ]) {
      expect(messageFor('email', bad), String(bad)).to.be.a('string');
    }
  });

  it('dateOfBirthSchema reads a day as people and clinics type it', () => {
    for (const typed of [
      '1984-03-27',
      '27-03-1984',
      '27/3/1984',
      '27.3.1984',
      '27 March 1984',
      '27 Mar 1984',
    ])
      expect(examineeSchema.shape.dateOfBirth.parse(typed), typed).to.equal('1984-03-27');
    expect(examineeSchema.shape.dateOfBirth.parse(' \u00a0')).to.equal(null);
  });

  it('dateOfBirthSchema asks for four digits when the year has two', () => {
    for (const typed of ['27/3/84', '27.3.04', '27 March 84', "27 Mar '84", '1-2-03'])
      expect(messageFor('dateOfBirth', typed), typed).to.match(/year of birth in four digits/);
  });

  it('dateOfBirthSchema accepts days before today in the agency’s zone', () => {
    mock.timers.enable({ apis: ['Date'], now: new Date('2026-11-30T23:59:00+11:00') });
    try {
      expect(messageFor('dateOfBirth', '2026-11-29')).to.equal(undefined);
      expect(messageFor('dateOfBirth', '2026-11-30')).to.match(/in the past/);
      mock.timers.tick(60_000);
      expect(messageFor('dateOfBirth', '2026-11-30')).to.equal(undefined);
      expect(messageFor('dateOfBirth', '2026-12-01')).to.match(/in the past/);
    } finally {
      mock.timers.reset();
    }
  });

  it('refuses a date of birth that is no real day, in the future or before 1900', () => {
    expect(messageFor('dateOfBirth', '1984-02-29')).to.equal(undefined);
    for (const bad of [
      '1985-02-29',
      '29/2/1985',
      '3/27/1984',
      '31 April 1984',
      '1984',
      '27',
      'last spring',
      '0/0/0',
    ])
      expect(messageFor('dateOfBirth', bad), bad).to.match(/real date/);
    expect(messageFor('dateOfBirth', '2999-01-01')).to.match(/in the past/);
    expect(messageFor('dateOfBirth', new Date().toISOString().slice(0, 10))).to.match(/in the past/);
    expect(messageFor('dateOfBirth', '1899-12-31')).to.match(/after 1900/);
    expect(messageFor('dateOfBirth', '27/3/1884')).to.match(/after 1900/);
  });

  it('refuses a time that is no real instant with its offset', () => {
    for (const good of ['2026-12-01T10:00:00+11:00', '2026-12-01T10:00+1100', '2026-11-30T23:00:00.000Z']) {
      expect(parseInstant(good)?.toISOString(), good).to.equal('2026-11-30T23:00:00.000Z');
    }
    for (const bad of [
      '2026-12-01T10:00:00',
      '2026-12-01',
      '2026-02-30T10:00:00Z',
      '2026-12-01T25:00:00Z',
      '2026-12-01T10:00:00+25:00',
      'tomorrow',
      '',
    ]) {
      expect(parseInstant(bad), bad).to.equal(null);
    }
  });

  it('names each field when arrays, numbers or objects are sent as text', () => {
    const errors = errorsOf({
      specialistId: ['x'],
      type: { a: 1 },
      startsAt: 1,
      timezone: 5,
      examinee: { firstName: ['a'], lastName: 1, phone: {}, email: [], dateOfBirth: 1 },
      claimNumber: [],
      notes: {},
      answers: 'x',
    });
    expect(Object.keys(errors).toSorted()).to.deep.equal([
      'answers',
      'claimNumber',
      'examinee.dateOfBirth',
      'examinee.email',
      'examinee.firstName',
      'examinee.lastName',
      'examinee.phone',
      'notes',
      'specialistId',
      'startsAt',
      'timezone',
      'type',
    ]);
  });

  it('refuses a body that is no object', () => {
    for (const bad of [null, [], 'x', 5, undefined])
      expect(bookingRequestSchema.safeParse(bad).success).to.equal(false);
  });

  it('tidies claim numbers and notes, and takes what looks empty as absent', () => {
    const parsed = bookingRequestSchema.parse({
      ...body,
      claimNumber: '\u200bWC\u2013123\u00a0\u00a0/ 4',
      notes: 'Bring\u00a0x\u2011rays\u2028Ring the \u202abell\u202c 👨\u200d👩\u200d👧\r\n\u200b',
    });
    expect(parsed).to.include({
      claimNumber: 'WC-123 / 4',
      notes: 'Bring x-rays\nRing the bell 👨\u200d👩\u200d👧',
    });
    expect(bookingRequestSchema.parse({ ...body, claimNumber: '\u200b\u00ad' }).claimNumber).to.equal(null);
    expect(errorsOf({ ...body, notes: 'a\u202eb' })).to.have.key('notes');
    expect(errorsOf({ ...body, claimNumber: 'a\u202eb' })).to.have.key('claimNumber');
  });

  it('requests that differ only before tidying have the same hash', () => {
    const plain = { ...body, claimNumber: "O'B-1", notes: 'x - y' };
    const typed = {
      ...body,
      examinee: { firstName: 'Ewan\u200b', lastName: ' Marsh\u00a0', phone: '+61\u2011412 345 678' },
      claimNumber: 'O´B\u20131',
      notes: 'x\u00a0\u2212 y',
    };
    expect(hashOf(bookingRequestSchema.parse(typed))).to.equal(hashOf(bookingRequestSchema.parse(plain)));
  });

  it('limits the length of notes, claim numbers, answers and keys', () => {
    expect(errorsOf({ ...body, notes: 'x'.repeat(2001) })).to.have.key('notes');
    expect(errorsOf({ ...body, notes: 'a\u0000' })).to.have.key('notes');
    expect(errorsOf({ ...body, claimNumber: 'x'.repeat(61) })).to.have.key('claimNumber');
    expect(errorsOf({ ...body, answers: [{ fieldId: 1.5, value: 'x' }] })).to.have.key('answers.0.fieldId');
    const answers = Array.from({ length: 201 }, (_, index) => ({ fieldId: index + 1, value: 'x' }));
    expect(errorsOf({ ...body, answers })).to.have.key('answers');
    expect(errorsOf({ ...body, answers: ['x'] })).to.have.key('answers.0');
    expect(errorsOf({ ...body, timezone: '+10:00' })).to.have.key('timezone');
    for (const bad of ['', ' ', 'x'.repeat(201), 'a\tb', 'ü'])
      expect(idempotencyKeySchema.safeParse(bad).success, bad).to.equal(false);
    expect(idempotencyKeySchema.safeParse('x'.repeat(200)).success).to.equal(true);
  });

  it('accepts a cancellation without a body, and requires a progress for a move by hand', () => {
    expect(cancelRequestSchema.parse(undefined)).to.deep.equal({ reason: null });
    expect(cancelRequestSchema.safeParse({ reason: ['x'] }).success).to.equal(false);
    expect(progressRequestSchema.safeParse({ progress: 'done' }).success).to.equal(false);
  });

  it('refuses a query that is repeated, out of range or misspelt, and ignores empty parameters', () => {
    expect(bookingListQuerySchema.parse({ q: '', status: '', limit: '' })).to.deep.include({ limit: 20 });
    for (const bad of [
      { limit: '0' },
      { limit: '101' },
      { limit: ['5'] },
      { status: 'open' },
      { q: ['a', 'b'] },
      { from: '2026-02-30' },
      { specialistId: 'x' },
      { view: 'map' },
    ]) {
      expect(bookingListQuerySchema.safeParse(bad).success, JSON.stringify(bad)).to.equal(false);
    }
  });
});

describe('isTimeZone', () => {
  it('accepts names of zones only', () => {
    expect(['Australia/Perth', 'UTC'].every(isTimeZone)).to.equal(true);
    expect(['+10:00', 'Mars/Base', '', '../etc'].some(isTimeZone)).to.equal(false);
  });
});
