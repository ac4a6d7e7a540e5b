import {
  bookingStatuses,
  detailFilters,
  progresses,
  filterValue,
  type BookingStatus,
  type DetailFilters,
  type Progress,
} from '../../../bookings/index.ts';
import type { Specialist } from '../../../specialists/index.ts';
import { progressWords, statusWords } from '../../view-helpers.ts';
import { dayWords } from '../when.ts';

export interface FilterSelect {
  name: string;
  label: string;
  options: { value: string; text: string }[];
}

export interface FilterChip {
  text: string;
  /** The list without this filter. */
  href: string;
}

export function selectsOf(specialists: Specialist[]): FilterSelect[] {
  return [
    {
      name: 'progress',
      label: 'Progress',
      options: progresses.map((value) => ({ value, text: progressWords[value] })),
    },
    {
      name: 'status',
      label: 'Status',
      options: bookingStatuses.map((value) => ({ value, text: statusWords[value] })),
    },
    {
      name: 'specialistId',
      label: 'Specialist',
      options: specialists.map(({ id, name }) => ({ value: id, text: name })),
    },
    ...detailFilters().map(({ name, label, yes, no }) => ({
      name,
      label,
      options: [
        { value: 'yes', text: yes },
        { value: 'no', text: no },
      ],
    })),
  ];
}

interface FilterInUrl extends DetailFilters {
  status?: BookingStatus | undefined;
  progress?: Progress | undefined;
  specialistId?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

/** @param href the list's URL with a changed query */
export function chipsOf(
  query: FilterInUrl,
  words: string | null,
  specialists: Specialist[],
  href: (changed: Record<string, null>) => string,
): FilterChip[] {
  const { status, progress, specialistId, from, to } = query;
  const specialist = specialists.find(({ id }) => id === specialistId);
  const texts: [string, string | undefined | null | false][] = [
    ['find', words && `“${words}”`],
    ['progress', progress && progressWords[progress]],
    ['status', status && `Status: ${statusWords[status]}`],
    ['specialistId', specialistId && (specialist?.name ?? 'One specialist')],
    ...detailFilters().map((filter): [string, string | undefined] => {
      const wanted = filterValue(query, filter);
      return [filter.name, wanted && filter[wanted]];
    }),
    ['from', from && `From ${dayWords(from)}`],
    ['to', to && `Until ${dayWords(to)}`],
  ];
  return texts.flatMap(([name, text]) => (text ? [{ text, href: href({ [name]: null }) }] : []));
}
