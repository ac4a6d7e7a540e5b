// What `npm run doctor` says of Acuity's questions. Pure.
import { costsOfNoReference, type MappingView } from '../questions/index.ts';

export interface DoctorLine {
  state: 'ok' | 'warning' | 'wrong';
  says: string;
  /** What it costs, and how to mend it. */
  more: string[];
}

export function linesAboutQuestions(view: MappingView, page: string): DoctorLine[] {
  if (view.forms === null) {
    const says = 'Acuity’s questions were never read, and cannot be read at the moment';
    return [{ state: 'wrong', says, more: ['Check ACUITY_BASE_URL, ACUITY_USER_ID and ACUITY_API_KEY.'] }];
  }
  const stale: DoctorLine[] = view.isStale
    ? [
        {
          state: 'warning',
          says: 'Acuity’s questions cannot be read at the moment: this is as of last time',
          more: [],
        },
      ]
    : [];
  return [...stale, referenceLine(view, page)];
}

function referenceLine({ details, serviceCount }: MappingView, page: string): DoctorLine {
  const lacking = details.find(({ name }) => name === 'reference')?.lacking ?? [];
  if (lacking.length === 0) return { state: 'ok', says: 'Every examination has our reference', more: [] };
  const which =
    lacking.length === serviceCount
      ? 'Every examination goes'
      : `${lacking.length} of ${serviceCount} examinations go`;
  const names = lacking.map(({ specialist, type }) => `${specialist}: ${type}`);
  return {
    state: 'warning',
    says: `${which} without our reference`,
    more: [
      ...(lacking.length === serviceCount ? [] : names),
      ...costsOfNoReference,
      `Mend it in Acuity, with a text question on the forms of all appointment types, and at ${page}`,
    ],
  };
}
