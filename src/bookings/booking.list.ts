import type { Viewer } from '../accounts/index.ts';
import type { Booking, BookingStatus, Progress } from './booking.ts';

export interface BookingListQuery {
  status?: BookingStatus;
  progress?: Progress;
  specialistId?: string;
  /** Examinee, reference or claim number; any order of words. */
  q?: string;
  /** Calendar days `YYYY-MM-DD`, inclusive, compared in the examination's own zone. */
  from?: string;
  to?: string;
  cursor?: string;
  limit: number;
}

export interface BookingListPage {
  bookings: Booking[];
  /** Opaque; null on the last page. */
  nextCursor: string | null;
}

/** A read made for the list page and GET /bookings: newest examination first, keyset pages. */
export interface BookingList {
  page(viewer: Viewer, query: BookingListQuery): Promise<BookingListPage | 'bad_cursor'>;
}
