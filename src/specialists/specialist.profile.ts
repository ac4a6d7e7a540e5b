// What referrers want to know of a specialist before they choose one.

import type { RowOf } from '../db/rows.ts';

export const profileFileKinds = ['photo', 'cv'] as const;
export type ProfileFileKind = (typeof profileFileKinds)[number];

export interface ProfileFile {
  /** Changes with the bytes: addresses that name it may be cached for good. */
  version: string;
  mimeType: string;
  sizeBytes: number;
}

export interface SpecialistProfile {
  qualifications: string | null;
  languages: string[];
  /** Kinds of injuries and questions. */
  examines: string[];
  /** Days from the examination to the report, as an admin typed it. */
  reportDays: number | null;
  photo: ProfileFile | null;
  cv: ProfileFile | null;
}

/** The columns of `specialists` that hold it. */
export type ProfileRow = Pick<
  RowOf<'specialists'>,
  'qualifications' | 'languages' | 'examines' | 'report_days'
> & { files: ({ kind: ProfileFileKind } & ProfileFile)[] };

export const profileColumns = `qualifications, languages, examines, report_days,
  coalesce((
    select json_agg(json_build_object(
      'kind', kind, 'version', left(sha256, 16), 'mimeType', mime_type, 'sizeBytes', size_bytes))
    from specialist_files where specialist_id = specialists.id
  ), '[]') as files`;

export function profileOf({ files, ...row }: ProfileRow): SpecialistProfile {
  const file = (kind: ProfileFileKind): ProfileFile | null => {
    const found = files.find((one) => one.kind === kind);
    return found ? { version: found.version, mimeType: found.mimeType, sizeBytes: found.sizeBytes } : null;
  };
  return {
    qualifications: row.qualifications,
    languages: parts(row.languages, ','),
    examines: parts(row.examines, '\n'),
    reportDays: row.report_days,
    photo: file('photo'),
    cv: file('cv'),
  };
}

function parts(text: string | null, between: string): string[] {
  return (text ?? '')
    .split(between)
    .map((part) => part.trim())
    .filter(Boolean);
}
