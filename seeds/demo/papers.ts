// The documents of the demo's examinations: real files, with what such papers say.
import { Temporal } from 'temporal-polyfill';
import type { Paper } from './cases.ts';
import type { Examination } from './examinations.ts';
import { writePdf, type Sheet } from './pdf.ts';
import { personOf, phoneOf, type PersonKey } from './people.ts';
import { specialistOf } from './specialists.ts';

export interface PaperFile {
  category: 'consent_form' | 'brief' | 'report' | 'dictation' | 'other';
  fileName: string;
  bytes: Buffer;
}

const footer = 'Demonstration document. The people and events in it are invented.';
const agency = {
  name: 'Examdesk',
  lines: ['Independent medical examinations', 'bookings@examdesk.example · (02) 5550 1000'],
};

export function paperOf(one: Examination, paper: Paper | 'report'): PaperFile {
  const surname = one.row.examinee[1];
  switch (paper) {
    case 'consent_form':
      return { category: 'consent_form', fileName: `Consent ${surname}.pdf`, bytes: writePdf(consent(one)) };
    case 'brief':
      return {
        category: 'brief',
        fileName: `Letter of instruction ${surname}.pdf`,
        bytes: writePdf(brief(one)),
      };
    case 'imaging':
      return { category: 'other', fileName: `Imaging report ${surname}.pdf`, bytes: writePdf(imaging(one)) };
    case 'dictation':
      return { category: 'dictation', fileName: `Dictation ${surname}.wav`, bytes: quietRecording(4) };
    case 'report':
    case 'report_draft':
      return { category: 'report', fileName: `IME report ${surname}.pdf`, bytes: writePdf(report(one)) };
    default:
      return paper satisfies never;
  }
}

function dayWords(at: Date | Temporal.PlainDate, zone = 'Australia/Sydney'): string {
  const date =
    at instanceof Date
      ? Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zone).toPlainDate()
      : at;
  return date.toLocaleString('en-AU', { day: 'numeric', month: 'long', year: 'numeric' });
}

function examinee({ row }: Examination): { name: string; born: string } {
  const [firstName, lastName, born] = row.examinee;
  return {
    name: `${firstName} ${lastName}`,
    born: born ? dayWords(Temporal.PlainDate.from(born)) : 'not stated',
  };
}

function referrer({ row }: Examination): { name: string; firm: string; letterhead: Sheet['letterhead'] } {
  const key = row.by as PersonKey;
  const { name, email, organization } = personOf(key);
  const firm = organization?.name ?? '';
  return { name, firm, letterhead: { name: firm, lines: [`${name} · ${email} · ${phoneOf(key)}`] } };
}

function facts(one: Examination): Sheet['facts'] {
  const { name, born } = examinee(one);
  return [
    ['Examinee', name],
    ['Date of birth', born],
    ...(one.row.claim ? [['Claim', one.row.claim] as const] : []),
    ['Our reference', one.reference],
    ['Examination', `${dayWords(one.startsAt, one.calendar.timezone)}, ${one.calendar.name}`],
    ...(one.row.interpreter ? [['Interpreter', one.row.interpreter] as const] : []),
  ];
}

function consent(one: Examination): Sheet {
  const { name } = examinee(one);
  const { firm } = referrer(one);
  return {
    letterhead: agency,
    title: 'Consent to an independent medical examination',
    facts: facts(one),
    body: [
      { heading: 'What I agree to' },
      {
        text: `I understand that ${firm} has asked ${one.calendar.name} to examine me and to write a report. The examination is not a treatment, and the specialist is not my treating doctor.`,
      },
      {
        text: 'I agree that my medical records and imaging may be shown to the specialist, and that the report is sent to the party that asked for it.',
      },
      { text: 'I may stop the examination at any time, and may have a companion or an interpreter with me.' },
      { heading: 'Signed' },
      { text: `${name}, ${dayWords(one.bookedAt)}` },
    ],
    footer,
  };
}

function brief(one: Examination): Sheet {
  const { name } = examinee(one);
  const { name: writer, letterhead } = referrer(one);
  const { injury, questions } = specialistOf(one.calendar.id).demoMatter;
  return {
    letterhead,
    title: 'Letter of instruction',
    facts: facts(one),
    body: [
      { text: `Dear ${one.calendar.name},` },
      {
        text: `We act in the claim of ${name} and ask for your independent opinion. ${name} ${injury}. The general practitioner’s notes, the hospital discharge summary and the imaging reports are enclosed.`,
      },
      { heading: 'Questions' },
      ...questions.map((question, index) => ({ text: `${index + 1}.  ${question}` })),
      {
        text: 'Please let us know if you need further records, or an examination by a colleague of another field.',
      },
      { text: `Yours sincerely, ${writer}` },
    ],
    footer,
    accent: [0.16, 0.28, 0.42],
  };
}

function imaging(one: Examination): Sheet {
  return {
    letterhead: { name: 'Harbour Radiology', lines: ['22 Pitt Street, Sydney NSW 2000'] },
    title: 'MRI report',
    facts: facts(one)?.slice(0, 2),
    body: [
      { heading: 'Findings' },
      {
        text: 'Alignment is preserved. There is moderate loss of height and signal of the disc at L4/5 with a broad-based posterior bulge that abuts, but does not displace, the traversing L5 roots. The facet joints show mild degenerative change. No fracture and no marrow oedema.',
      },
      { heading: 'Conclusion' },
      { text: 'Moderate degenerative disc disease at L4/5 without nerve root compression.' },
    ],
    footer,
    accent: [0.12, 0.36, 0.36],
  };
}

function report(one: Examination): Sheet {
  const { name } = examinee(one);
  const { name: writer, firm } = referrer(one);
  const specialist = specialistOf(one.calendar.id);
  const { injury, history, examination, opinion, questions, answers } = specialist.demoMatter;
  return {
    letterhead: {
      name: one.calendar.name,
      lines: [specialist.qualifications, one.location ?? 'By telehealth'],
    },
    title: 'Report of an independent medical examination',
    facts: [...(facts(one) ?? []), ['Requested by', `${writer}, ${firm}`]],
    body: [
      { heading: '1.  Instructions' },
      {
        text: `I examined ${name} at the request of ${firm} on ${dayWords(one.startsAt, one.calendar.timezone)}. I have read the letter of instruction, the records enclosed with it and the imaging reports. I have not treated ${name} and shall not do so. I have read the expert witness code of conduct and agree to be bound by it.`,
      },
      { heading: '2.  History' },
      { text: `${name} told me that ${one.row.examinee[0]} ${injury}. ${history}` },
      { heading: '3.  Examination' },
      { text: examination },
      { heading: '4.  Opinion' },
      { text: opinion },
      { heading: '5.  Answers to your questions' },
      ...questions.flatMap((question, index) => [
        { text: `${index + 1}.  ${question}` },
        { text: answers[index] ?? '' },
      ]),
      { heading: '6.  Declaration' },
      {
        text: 'The opinions in this report are my own. They rest on the history given to me, my examination and the records that I have listed. I would revise them if further records gave reason to.',
      },
      { text: `${one.calendar.name}, ${specialist.qualifications}` },
      { text: dayWords(one.reportedAt ?? one.writingSince ?? one.startsAt) },
    ],
    footer,
  };
}

/** A WAV file of the faint noise of an empty room: a dictation without a voice. */
function quietRecording(seconds: number): Buffer {
  const rate = 4_000;
  const samples = Buffer.alloc(rate * seconds);
  let noise = 1;
  for (let at = 0; at < samples.length; at += 1) {
    noise = (noise * 48_271) % 2_147_483_647;
    samples[at] = 127 + (noise % 3);
  }
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}
