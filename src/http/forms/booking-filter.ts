// The query of the list's page: what JSON clients may send, and what only the page has.
import { z } from 'zod';
import { bookingListQuerySchema } from '../../bookings/index.ts';
import { blankAsAbsent, calendarMonth } from './fields.ts';

export const searchWords = bookingListQuerySchema.shape.q;

export const bookingFilterSchema = bookingListQuerySchema
  .extend({
    /** Search words, sealed: see sealed-search.ts. `q` has them in clear, and our own pages never put them there. */
    find: blankAsAbsent(z.string('Give one search').max(1000)),
    month: blankAsAbsent(calendarMonth),
  })
  .refine(({ from, to }) => !from || !to || from <= to, {
    path: ['to'],
    message: '“Until” must not be before “From”',
  });

export type BookingFilter = z.output<typeof bookingFilterSchema>;
