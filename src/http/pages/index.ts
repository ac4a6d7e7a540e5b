// Every page for people, apart from signing in and out.
import type { Database } from '../../db/knex.ts';
import type { PageRoute } from '../endpoint.ts';
import type { PageServices } from './page-services.ts';
import { actAsPages } from './impersonation/act-as.page.ts';
import { episodePages } from './impersonation/episodes.page.ts';
import { acuityConnectionPages } from './admin/acuity-connection.page.ts';
import { acuityQuestionPages } from './admin/acuity-questions.page.ts';
import { bulkPages } from './admin/bulk.page.ts';
import { doctorPages } from './admin/doctor.page.ts';
import { figuresPages } from './admin/figures.page.ts';
import { mergePages } from './admin/merges.page.ts';
import { paperworkPages } from './admin/paperwork.page.ts';
import { attemptPages } from './bookings/attempt.page.ts';
import { cancelPages } from './bookings/cancel.page.ts';
import { chooseSpecialistPages } from './bookings/choose-specialist.page.ts';
import { chooseTimePages } from './bookings/choose-time.page.ts';
import { confirmPages } from './bookings/confirm.page.ts';
import { contactsPages } from './bookings/contacts.page.ts';
import { examineePages } from './bookings/examinee.page.ts';
import { bookingListPages } from './bookings/list.page.ts';
import { bookAgainPages } from './bookings/again.page.ts';
import { instructionsPages } from './bookings/instructions.page.ts';
import { messagesPages } from './bookings/messages.page.ts';
import { reschedulePages } from './bookings/reschedule.page.ts';
import { reviewPages } from './bookings/review.page.ts';
import { showBookingPages } from './bookings/show.page.ts';
import { documentCategoryPages } from './documents/category.page.ts';
import { deleteDocumentPages } from './documents/delete.page.ts';
import { documentListPages } from './documents/list.page.ts';
import { receiptPages } from './documents/receipt.page.ts';
import { releasePages } from './documents/release.page.ts';
import { uploadPages } from './documents/upload.page.ts';
import { documentViewPages } from './documents/view.page.ts';
import { homePages } from './home.page.ts';
import { problemsPage } from './problems.page.ts';
import { searchPages } from './search.page.ts';
import { firstFreePages } from './specialists/first-free.page.ts';
import { waitListPages } from './wait-list/wait-list.page.ts';
import { freeTimesPages } from './specialists/free-times.page.ts';
import { profileFilePages } from './specialists/files.page.ts';
import { specialistPages } from './specialists/show.page.ts';
import { specialistListPages } from './specialists/list.page.ts';

/** In the order in which they are matched: `/bookings/new` before `/bookings/:id`. */
export function pages(services: PageServices & { db: Database }): PageRoute[] {
  return [
    ...homePages(services),
    problemsPage,
    ...searchPages(services),
    ...acuityConnectionPages(services),
    ...acuityQuestionPages(services),
    ...doctorPages(services),
    ...figuresPages(services),
    ...mergePages(services),
    ...bulkPages(services),
    ...paperworkPages(services),
    ...actAsPages(services),
    ...episodePages(services),
    ...specialistListPages(services),
    ...firstFreePages(services),
    ...waitListPages(services),
    ...freeTimesPages(services),
    ...specialistPages(services),
    ...profileFilePages(services),
    ...chooseSpecialistPages(services),
    ...chooseTimePages(services),
    ...examineePages(services),
    ...reviewPages(services),
    ...confirmPages(services),
    ...attemptPages(services),
    ...bookingListPages(services),
    ...reschedulePages(services),
    ...cancelPages(services),
    ...contactsPages(services),
    ...instructionsPages(services),
    ...bookAgainPages(services),
    ...messagesPages(services),
    ...showBookingPages(services),
    ...uploadPages(services),
    ...documentListPages(services),
    ...documentViewPages(services),
    ...receiptPages(services),
    ...releasePages(services),
    ...documentCategoryPages(services),
    ...deleteDocumentPages(services),
  ];
}
