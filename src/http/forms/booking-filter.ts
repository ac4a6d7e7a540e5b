// The query of the list's page: the parameters that JSON clients may send too, and those that only the page has.
import { z } from 'zod';
import { bookingListQuerySchema, listTabs } from '../../bookings/index.ts';
import { blankAsAbsent, calendarDay, calendarMonth } from './fields.ts';

export const searchWords = bookingListQuerySchema.shape.q;

export const bookingFilterSchema = bookingListQuerySchema
  .extend({
    /** Search words, sealed: see sealed-search.ts. `q` has them in clear, and our own pages never put them there. */
    find: blankAsAbsent(z.string('Give one search').max(1000)),
    tab: blankAsAbsent(z.enum(listTabs, `Choose one of ${listTabs.join(', ')}`)),
    /** Which month the calendar shows, and from which day week, day and agenda start. */
    month: blankAsAbsent(calendarMonth),
    day: blankAsAbsent(calendarDay),
  })
  .refine(({ from, to }) => !from || !to || from <= to, {
    path: ['to'],
    message: '“Until” must not be before “From”',
  });

export type BookingFilter = z.output<typeof bookingFilterSchema>;
