// The list's filters as they stand in its URL.
import { z } from 'zod';
import { bookingStatuses, filterShape, idSchema, progresses } from '../../bookings/index.ts';
import { blankAsAbsent, calendarDay, calendarMonth } from './fields.ts';

export const searchWords = blankAsAbsent(
  z.string('Give one search').max(100, 'Search with 100 characters or fewer'),
);

export const bookingFilterSchema = z
  .object({
    status: blankAsAbsent(z.enum(bookingStatuses, 'Choose one of the statuses')),
    progress: blankAsAbsent(z.enum(progresses, 'Choose one of the kinds of progress')),
    specialistId: blankAsAbsent(idSchema),
    ...filterShape(blankAsAbsent(z.enum(['yes', 'no'], 'Choose yes or no'))),
    from: blankAsAbsent(calendarDay),
    to: blankAsAbsent(calendarDay),
    /** Search words, sealed: see sealed-search.ts. */
    find: blankAsAbsent(z.string('Give one search').max(1000)),
    /** Search words in clear, for those who write URLs themselves; our own pages never do. */
    q: searchWords,
    cursor: blankAsAbsent(z.string('Give one cursor').max(200)),
    limit: blankAsAbsent(z.coerce.number('Give a number from 1 to 100').int().min(1).max(100)),
    view: blankAsAbsent(z.enum(['list', 'calendar'], 'Choose list or calendar')),
    month: blankAsAbsent(calendarMonth),
  })
  .refine(({ from, to }) => !from || !to || from <= to, {
    path: ['to'],
    message: '“Until” must not be before “From”',
  });

export type BookingFilter = z.output<typeof bookingFilterSchema>;
