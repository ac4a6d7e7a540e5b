import { mock } from 'node:test';
import { expect } from 'chai';
import { examineeFormValues, parseExamineeForm } from '../../src/http/forms/examinee.form.ts';
import { pageZoneOf, readerZoneOf } from '../../src/http/forms/fields.ts';
import { createSealedSearch } from '../../src/http/forms/sealed-search.ts';
import { weeksOf } from '../../src/http/pages/month-grid.ts';
import { buildPicker } from '../../src/http/pages/time-picker.ts';
import { ago, readerTime } from '../../src/http/pages/when.ts';
import { ok } from '../../src/lib/result.ts';
import type { AvailabilityService } from '../../src/availability/index.ts';
import type { Specialist } from '../../src/specialists/index.ts';

describe('createSealedSearch', () => {
  const sealed = createSealedSearch(['a secret of at least thirty-two characters']);

  it('opens a search only for the person who sealed it', () => {
    const token = sealed.seal('rita', 'Ewan Marsh');
    expect(token).to.match(/^[\w-]+$/);
    expect(Buffer.from(token, 'base64url').toString()).not.to.contain('Ewan');
    expect(sealed.open('rita', token)).to.equal('Ewan Marsh');
    expect(sealed.open('nadia', token)).to.equal(null);
    expect(createSealedSearch(['another secret of thirty-two characters']).open('rita', token)).to.equal(
      null,
    );
  });

  it('returns null for changed or malformed text', () => {
    const token = sealed.seal('rita', 'Ewan Marsh');
    const flipped = (token.startsWith('A') ? 'B' : 'A') + token.slice(1);
    for (const bad of [flipped, '', 'abc', token.slice(0, 20), `${token}!`]) {
      expect(sealed.open('rita', bad), bad).to.equal(null);
    }
  });
});

describe('parseExamineeForm', () => {
  const typed = { firstName: ' Ewan ', lastName: 'Marsh', phone: '0412 345 678' };

  it('combines day, month and year', () => {
    const form = parseExamineeForm({
      ...typed,
      'dateOfBirth-day': '7',
      'dateOfBirth-month': '03',
      'dateOfBirth-year': '1984',
    });
    expect(form.ok && form.draft.examinee?.dateOfBirth).to.equal('1984-03-07');
  });

  const born = (day: string, month: string, year: string) => {
    const form = parseExamineeForm({
      ...typed,
      'dateOfBirth-day': day,
      'dateOfBirth-month': month,
      'dateOfBirth-year': year,
    });
    return form.ok ? form.draft.examinee?.dateOfBirth : form.errors;
  };

  it('reads a month by its name, and a whole date in one box', () => {
    for (const [day, month, year] of [
      ['27', 'March', '1984'],
      ['27th', 'mar.', ' 1984\u00a0'],
      ['27/3/1984', '', ''],
      ['', '27 March 1984', ''],
      ['', '', '1984-03-27'],
      ['27-03', '', '1984'],
      ['２７', '３', '１９８４'],
      ['\u200b27', '3', '1984'],
    ] as const)
      expect(born(day, month, year), `${day}|${month}|${year}`).to.equal('1984-03-27');
  });

  it('asks which century is meant when the year has two digits', () => {
    const path = 'dateOfBirth';
    const asks = (days: string) => [{ path, message: `Enter the year in four digits. Do you mean ${days}?` }];
    expect(born('27', '3', '84')).to.deep.equal(asks('27 March 1984'));
    expect(born('27/3/84', '', '')).to.deep.equal(asks('27 March 1984'));
    expect(born('27', 'Mar', '04')).to.deep.equal(asks('27 March 2004 or 27 March 1904'));
    mock.timers.enable({ apis: ['Date'], now: new Date('2026-11-30T23:59:00+11:00') });
    try {
      expect(born('30/11/26', '', '')).to.deep.equal(asks('30 November 1926'));
      mock.timers.tick(60_000);
      expect(born('30/11/26', '', '')).to.deep.equal(asks('30 November 2026 or 30 November 1926'));
    } finally {
      mock.timers.reset();
    }
  });

  it('says what a date of birth lacks, or that it is no real one', () => {
    const path = 'dateOfBirth';
    expect(born('27', '', '')).to.deep.equal([
      { path, message: 'The date of birth must include a month and a year' },
    ]);
    expect(born('27', 'March', '')).to.deep.equal([
      { path, message: 'The date of birth must include a year' },
    ]);
    expect(born('3', '27', '1984')).to.deep.equal([
      { path, message: 'The date of birth must be a real date, with the year in four digits' },
    ]);
  });

  it('accepts empty optional fields', () => {
    const form = parseExamineeForm(typed);
    expect(form.ok).to.equal(true);
  });

  const interpreter = (answer: string | undefined, language: string | undefined) => {
    const form = parseExamineeForm({
      ...typed,
      ...(answer !== undefined && { 'interpreterLanguage-answer': answer }),
      ...(language !== undefined && { interpreterLanguage: language }),
    });
    return form.ok ? form.draft.examinee?.interpreterLanguage : form.errors;
  };

  it('accepts yes with text, no without text, and no answer', () => {
    expect(interpreter('yes', 'Arabic')).to.equal('Arabic');
    expect(interpreter('no', ' ')).to.equal(' ');
    expect(interpreter(undefined, undefined)).to.equal('');
  });

  it('counts text as yes when no answer was chosen', () => {
    expect(interpreter(undefined, 'Arabic')).to.equal('Arabic');
  });

  it('refuses yes without text, no with text, and other answers', () => {
    const path = 'interpreterLanguage';
    expect(interpreter('yes', '')).to.deep.equal([
      { path, message: 'Enter the language of the interpreter, or choose No' },
    ]);
    expect(interpreter('no', 'Arabic')).to.deep.equal([
      { path, message: 'Choose Yes if an interpreter is needed, or empty the language' },
    ]);
    expect(interpreter('perhaps', '')).to.deep.equal([{ path, message: 'Choose yes or no' }]);
  });

  it('examineeFormValues restores a draft, and “no” only when the step was answered', () => {
    const answered = { ...typed, email: '', dateOfBirth: '1984-03-07', interpreterLanguage: '' };
    expect(examineeFormValues({})).to.include({ 'interpreterLanguage-answer': '', firstName: '' });
    expect(examineeFormValues({ examinee: answered })).to.include({
      'interpreterLanguage-answer': 'no',
      'dateOfBirth-day': '7',
    });
    expect(examineeFormValues({ examinee: { ...answered, interpreterLanguage: 'Arabic' } })).to.include({
      'interpreterLanguage-answer': 'yes',
      interpreterLanguage: 'Arabic',
    });
  });

  for (const body of [undefined, null, 'text', [], { firstName: ['a', 'b'], notes: { a: 1 } }]) {
    it(`refuses ${JSON.stringify(body)} without throwing`, () => {
      const form = parseExamineeForm(body);
      expect(form.ok ? [] : form.errors.map(({ path }) => path)).to.include.members([
        'firstName',
        'lastName',
        'phone',
      ]);
    });
  }
});

describe('pageZoneOf', () => {
  it('returns the agency’s zone when the reader’s is missing or unknown', () => {
    for (const cookie of [undefined, 'a=b', 'tz=Mars%2FOlympus', 'tz=%E0%A4%A'])
      expect(pageZoneOf({ headers: { cookie } }), String(cookie)).to.equal('Australia/Sydney');
    expect(pageZoneOf({ headers: { cookie: 'tz=Australia%2FPerth' } })).to.equal('Australia/Perth');
  });
});

describe('readerZoneOf', () => {
  it('returns the cookie’s zone when it is valid', () => {
    expect(readerZoneOf('a=b; tz=Australia%2FPerth; c=d')).to.equal('Australia/Perth');
    for (const cookie of [undefined, '', 'tz=', 'tz=Nowhere', 'tz=%ZZ', 'xtz=Australia/Perth', 'tz=+10:00']) {
      expect(readerZoneOf(cookie), String(cookie)).to.equal(null);
    }
  });

  it('readerTime names the weekday when it differs', () => {
    const at = new Date('2026-12-01T08:00:00+11:00');
    expect(readerTime(at, 'Australia/Sydney', 'Europe/London')?.replaceAll('\u00a0', ' ')).to.equal(
      '9:00 pm Mon',
    );
    expect(readerTime(at, 'Australia/Sydney', 'Australia/Melbourne')).to.equal(null);
  });
});

describe('weeksOf', () => {
  it('starts on Monday and contains every day once', () => {
    const weeks = weeksOf('2027-02');
    expect(weeks).to.have.length(4);
    expect(weeks.flat().map((day) => day?.number)).to.deep.equal(Array.from({ length: 28 }, (_, i) => i + 1));
    expect(weeksOf('2026-11')[0]?.map((day) => day?.number ?? 0)).to.deep.equal([0, 0, 0, 0, 0, 0, 1]);
  });
});

it('ago counts minutes, hours and days', () => {
  const now = new Date('2026-12-01T10:00:00Z');
  const before = (minutes: number) => ago(new Date(now.getTime() - minutes * 60_000), now);
  const words = [0, 1, 12, 59, 60, 480, 24 * 60, 30 * 24 * 60].map(before);
  expect(words).to.deep.equal([
    'less than a minute ago',
    '1 minute ago',
    '12 minutes ago',
    '59 minutes ago',
    '1 hour ago',
    '8 hours ago',
    '1 day ago',
    '30 days ago',
  ]);
});

it('buildPicker names the zone of both repeated hours when daylight saving ends', async () => {
  const specialist = { timezone: 'Australia/Sydney', services: [] } as unknown as Specialist;
  const slots = ['2027-04-04T02:30:00+11:00', '2027-04-04T02:30:00+10:00', '2027-04-04T09:00:00+10:00'].map(
    (at) => ({
      startsAt: new Date(at),
      durationMinutes: 60,
    }),
  );
  const reading = { timezone: 'Australia/Sydney', cache: 'HIT' as const, asOf: new Date() };
  const availability = {
    month: () => Promise.resolve(ok({ ...reading, month: '2027-04', dates: ['2027-04-04'] })),
    day: () => Promise.resolve(ok({ ...reading, date: '2027-04-04', slots })),
  } as unknown as AvailabilityService;
  const picker = await buildPicker(
    { availability, clock: { now: () => new Date('2027-04-01T00:00:00Z') } },
    {
      specialist,
      type: 'in_person',
      query: {},
      personId: undefined,
      chosen: null,
      readerZone: null,
      submit: null,
      href: ({ day }) => `?day=${day}`,
    },
  );
  const labels = picker.down ? [] : picker.day?.parts.flatMap((part) => part.slots.map(({ label }) => label));
  expect(labels?.map((label) => label.replaceAll('\u00a0', ' '))).to.deep.equal([
    '2:30 am AEDT',
    '2:30 am AEST',
    '9:00 am AEST',
  ]);
  expect(picker.down ? null : picker.zoneName).to.equal('Sydney time');
});
