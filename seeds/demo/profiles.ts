// The photos and CVs of the demo's specialists. The portraits are drawn (test/pictures/portraits.ts), of nobody.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Transaction } from '../../src/db/knex.ts';
import { findCalendar } from '../../src/simulator/fixture.ts';
import { writePdf } from './pdf.ts';
import { need, type Ids, type StoryDeps } from './rows.ts';
import { specialists, type DemoSpecialist } from './specialists.ts';

export async function writeProfiles(trx: Transaction, ids: Ids, { put }: StoryDeps): Promise<void> {
  const rows = specialists.flatMap((one) => {
    const id = need(ids, String(one.calendarId));
    return [
      { id, kind: 'photo', mimeType: 'image/png', read: () => portraitOf(one) },
      { id, kind: 'cv', mimeType: 'application/pdf', read: () => Promise.resolve(cvOf(one)) },
    ] as const;
  });
  await trx('specialist_files').insert(
    await Promise.all(
      rows.map(async ({ id, kind, mimeType, read }) => {
        const bytes = await read();
        const key = `profiles/${id}/${kind}/demo`;
        put(key, bytes);
        return {
          specialist_id: id,
          kind,
          s3_key: key,
          mime_type: mimeType,
          size_bytes: bytes.length,
          sha256: createHash('sha256').update(bytes).digest('hex'),
        };
      }),
    ),
  );
}

function portraitOf({ calendarId }: DemoSpecialist): Promise<Buffer> {
  return readFile(path.join(import.meta.dirname, 'portraits', `${calendarId}.png`));
}

function cvOf(one: DemoSpecialist): Buffer {
  const calendar = findCalendar(one.calendarId);
  return writePdf({
    letterhead: {
      name: calendar?.name ?? '',
      lines: [one.qualifications, calendar?.location || 'By telehealth'],
    },
    title: 'Curriculum vitae',
    facts: [
      ['Title', one.title],
      ['Specialty', one.specialty],
      ['Languages', one.languages],
    ],
    body: [
      { heading: 'Career' },
      ...one.career.map((text) => ({ text })),
      { heading: 'Medico-legal work' },
      { text: `Independent examinations and reports since 2015: ${one.examines.join('; ').toLowerCase()}.` },
      {
        text: 'Training in the writing of expert reports and in the rating of permanent impairment, renewed every three years.',
      },
    ],
    footer: 'Demonstration document. The people in it are invented.',
  });
}
