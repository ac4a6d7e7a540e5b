import type { Accounts } from '../../accounts/index.ts';
import type { AttemptService } from '../../attempts/index.ts';
import type { AvailabilityService, NextFreeReader } from '../../availability/index.ts';
import type {
  BookingDrafts,
  BookingList,
  BookingNeeds,
  BookingService,
  ReportWaits,
  Paperwork,
  SameExaminee,
  RecentBookings,
  UpcomingBookings,
} from '../../bookings/index.ts';
import type { BulkActions } from '../../bulk/index.ts';
import type { Doctor } from '../../doctor/index.ts';
import type { DocumentService } from '../../documents/index.ts';
import type { UploadStorage } from '../../ports/object-store.ts';
import type { Config } from '../../config.ts';
import type { Database } from '../../db/knex.ts';
import type { ExamineeInstructions } from '../../email/index.ts';
import type { ImpersonationService } from '../../impersonation/index.ts';
import type { Mapping } from '../../questions/index.ts';
import type { Messages } from '../../messages/index.ts';
import type { MergeService } from '../../merging/index.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ids } from '../../ports/ids.ts';
import type { Questions } from '../../questions/index.ts';
import type { SyncService } from '../../sync/index.ts';
import type { ProfileFiles, SpecialistRepository } from '../../specialists/index.ts';
import type { WaitList } from '../../waiting/index.ts';

/** The services that pages use. */
export interface PageServices {
  db: Database;
  config: Pick<Config, 'BASE_URL' | 'BETTER_AUTH_SECRET'>;
  specialists: SpecialistRepository;
  profileFiles: ProfileFiles;
  reportWaits: ReportWaits;
  availability: AvailabilityService;
  nextFree: NextFreeReader;
  waitList: WaitList;
  questions: Questions;
  bookings: BookingService;
  attempts: AttemptService;
  bookingList: BookingList;
  bookingNeeds: BookingNeeds;
  upcomingBookings: UpcomingBookings;
  recentBookings: RecentBookings;
  paperwork: Paperwork;
  drafts: BookingDrafts;
  documents: DocumentService;
  uploadStorage: UploadStorage;
  accounts: Accounts;
  mapping: Mapping;
  merges: MergeService;
  bulkActions: BulkActions;
  doctor: Doctor;
  impersonation: ImpersonationService;
  sync: Pick<SyncService, 'requestRun' | 'spans' | 'connect' | 'connection' | 'firstSteps'>;
  instructions: ExamineeInstructions;
  sameExaminee: SameExaminee;
  messages: Messages;
  clock: Clock;
  ids: Ids;
}
