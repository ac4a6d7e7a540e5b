import { expect } from 'chai';
import fc from 'fast-check';
import { hashOf } from '../../src/attempts/attempt.plan.ts';
import { readLanguage } from '../../src/bookings/booking.text.ts';
import {
  allDetails,
  answersOf,
  detailIn,
  details,
  intakeDetails,
  isDigestOf,
  isOwnDetail,
  lacksDetails,
  nameOf,
  type IntakeName,
} from '../../src/bookings/index.ts';
import type { Appointment } from '../../src/ports/acuity.ts';
import { assertAlways } from '../support/random.ts';

const fields = new Map<IntakeName, number>([
  ['reference', 9101],
  ['examinee_first_name', 9102],
  ['examinee_last_name', 9103],
  ['examinee_phone', 9104],
  ['examinee_email', 9105],
  ['examinee_date_of_birth', 9106],
  ['claim_number', 9107],
]);

function appointmentWith(answers: [number, string][]): Appointment {
  return { answers: new Map(answers) } as unknown as Appointment;
}

describe('list of details', () => {
  it('has each path, form name, column and question once', () => {
    for (const values of [
      details.map(({ path }) => path),
      details.map(nameOf),
      details.map(({ column }) => column),
      details.flatMap(({ intake }) => (intake ? [intake.name] : [])),
    ]) {
      expect(new Set<string>(values).size).to.equal(values.length);
    }
  });

  it('labels every question that the booking answers itself', () => {
    expect(Object.fromEntries(intakeDetails().map(({ name, label }) => [name, label]))).to.include({
      reference: 'Booking reference',
      examinee_phone: 'Phone',
      organization: 'Organisation',
    });
  });
});

// These values were computed before the list existed; stored rows hold such digests.
describe('digests of details', () => {
  const before = '7FaJR3LDzZVdLNovQx4oVtcjoOUoQurtK1gzKlAkfFs';
  const answers: [number, string][] = [
    [9101, 'EX-7K3M9Q'],
    [9102, 'Ewan'],
    [9103, 'Marsh'],
    [9104, '0412 345 678'],
    [9105, ''],
    [9106, '27/03/1984'],
    [9107, 'CL-2207'],
  ];
  const request = {
    specialistId: '01930000-0000-7000-8000-000000000001',
    type: 'in_person' as const,
    startsAt: new Date('2026-11-30T23:00:00Z'),
    timezone: null,
    examinee: {
      firstName: 'Ewan',
      lastName: 'Marsh',
      phone: '+61412345678',
      email: null,
      dateOfBirth: '1984-03-27',
      interpreterLanguage: null,
    },
    claimNumber: 'CL-2207',
    notes: 'Left knee.',
    answers: [{ fieldId: 9301, value: 'Left' }],
  };

  it('hashOf returns the stored hash of earlier requests when the request is equal', () => {
    expect(hashOf(request)).to.equal('754eecf0fb12fba0ded077ad38d2f14dcdc94c555e3c2cae8ac2618cde628da4');
  });

  it('hashOf returns another hash when a detail that was added later differs', () => {
    const { examinee } = request;
    const inArabic = { ...request, examinee: { ...examinee, interpreterLanguage: 'Arabic' } };
    const inDari = { ...request, examinee: { ...examinee, interpreterLanguage: 'Dari' } };
    expect(new Set([request, inArabic, inDari].map(hashOf)).size).to.equal(3);
  });

  it('answersOf recognises the digest that earlier versions stored when Acuity’s answers are unchanged', () => {
    const said = answersOf(appointmentWith(answers), fields);
    const isBefore = (digest: string) => digest === before;
    expect(said.earlier().digest).to.equal(before);
    expect(isDigestOf(said, isBefore)).to.equal(true);
    expect(isDigestOf(said, (digest) => digest === said.digest)).to.equal(true);
    expect(
      isDigestOf(answersOf(appointmentWith([...answers, [9107, 'CL-2208']]), fields), isBefore),
    ).to.equal(false);
  });

  it('answersOf changes both digests only if answered when a question was added later', () => {
    const mapped = new Map<IntakeName, number>([...fields, ['interpreter_language', 9109]]);
    const said = (answer: string) => answersOf(appointmentWith([...answers, [9109, answer]]), mapped);
    expect(said('').earlier().digest).to.equal(before);
    expect(said('Arabic').earlier().digest).not.to.equal(before);
    expect(said('').digest).to.equal(answersOf(appointmentWith(answers), fields).digest);
    expect(said('Dari').digest).not.to.equal(said('Arabic').digest);
  });

  it('answersOf changes the digest when an unreadable answer becomes another', () => {
    const digest = (born: string) => answersOf(appointmentWith([[9106, born]]), fields).digest;
    expect(digest('27/3/84')).not.to.equal(digest('28/3/84'));
    expect(digest(' 27/3/84\u200b')).to.equal(digest('27/3/84'));
  });
});

describe('answersOf', () => {
  it('reads only answered questions, into the stored form', () => {
    const { details: said } = answersOf(
      appointmentWith([
        [9102, ' Ewan '],
        [9104, '0412 345 678'],
        [9105, ''],
        [9106, 'some day'],
        [9107, 'CL-2207'],
      ]),
      fields,
    );
    expect(said).to.deep.equal({
      examinee: { firstName: 'Ewan', phone: '+61412345678' },
      claimNumber: 'CL-2207',
    });
  });
});

describe('values read from Acuity', () => {
  it('lacksDetails is true when a phone number from Acuity is unreadable, which is kept as typed', () => {
    const booking = (phone: string) => {
      const said = answersOf(
        appointmentWith([
          [9103, 'Suharto'],
          [9104, phone],
        ]),
        fields,
      ).details;
      return allDetails((detail) => detailIn(said, detail));
    };
    const two = `0412 345 678 or 0412 345 679, ${'after six, '.repeat(4)}`.trim();
    expect(booking(two).examinee.phone).to.equal(two);
    expect(lacksDetails(booking(two))).to.equal(true);
    expect(lacksDetails(booking(''))).to.equal(true);
    expect(booking('02 9374 4000 x55').examinee).to.include({ firstName: '', phone: '+61293744000;ext=55' });
    expect(lacksDetails(booking('02 9374 4000 x55'))).to.equal(false);
  });

  it('readLanguage returns null for the ways of writing that no interpreter is needed', () => {
    for (const none of ['No', 'none', 'Nil.', 'N/A', 'not needed', 'Not required', '-', '--'])
      expect(readLanguage(none), none).to.equal(null);
    for (const language of ['Arabic', 'Norwegian', 'Auslan', 'Dari / Farsi'])
      expect(readLanguage(language), language).to.equal(language);
  });
});

describe('a detail’s schema', () => {
  const typed: Record<string, string[]> = {
    firstName: ['Anne\u00a0Marie', 'Siti A/L', '8', ''],
    lastName: ['O´Brien\u2013Lee', 'علی\u200cرضا', 'd’Arcy, 3rd (Jr.)'],
    phone: ['02 9374 4000 x55', '0011 64 21 123 4567', '+44 (0) 20 7946 0018', '13 11 14', '0412-345-678 #7'],
    email: ['<a&b!@example.com>', 'mary.o’brien@example.com', ' '],
    dateOfBirth: ['27/3/1984', '27th of March 1984', 'Mar 27, 1984'],
    interpreterLanguage: ['Dari / Farsi', 'Auslan \u2014 tactile'],
    claimNumber: ['WC\u20112207\u00a0/ 1'],
    notes: ['a\r\n\r\n  b\u2028c', '—'],
  };

  it('accepts what it has read, and reads the same again', async () => {
    for (const detail of details) {
      const examples = typed[nameOf(detail)] ?? [];
      expect(examples, nameOf(detail)).not.to.have.length(0);
      for (const example of examples)
        expect(detail.schema.safeParse(example).success, example).to.equal(true);
      const anything = fc.oneof(fc.constantFrom(...examples), fc.string({ unit: 'grapheme', maxLength: 60 }));
      const mixed = fc
        .tuple(anything, fc.constantFrom('', '\u200b', '\u00a0', '\u202a', '´', '–'), anything)
        .map((parts) => parts.join(''));
      await assertAlways(
        `bookings/read-twice-${nameOf(detail)}`,
        fc.property(fc.oneof(anything, mixed), (text) => {
          const read = detail.schema.safeParse(text);
          if (!read.success) return;
          const again = detail.schema.safeParse(read.data);
          expect(again.success && again.data, JSON.stringify(text)).to.equal(read.data);
        }),
      );
    }
  });

  it('reads from Acuity what it has told Acuity', () => {
    for (const detail of details.filter(({ intake }) => intake)) {
      for (const example of typed[nameOf(detail)] ?? []) {
        const stored = detail.schema.parse(example);
        if (!stored) continue;
        const mapped = new Map([[detail.intake!.name as IntakeName, 1]]);
        const said = answersOf(appointmentWith([[1, stored]]), mapped);
        expect(detailIn(said.details, detail), example).to.equal(stored);
        expect(said.hasUnreadable).to.equal(false);
      }
    }
  });
});

describe('isOwnDetail', () => {
  it('recognises exactly the fields that the booking answers itself', () => {
    expect(isOwnDetail(fields, 9101)).to.equal(true);
    expect(isOwnDetail(fields, 9107)).to.equal(true);
    expect(isOwnDetail(fields, 9301)).to.equal(false);
  });
});
