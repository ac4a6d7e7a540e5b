import type { Links, ReadNeeds } from '../../src/email/index.ts';

/** The page addresses that tests expect in mails. */
export const testLinks: Links = {
  booking: (id) => `https://fixture.example/bookings/${id}`,
  attempt: (id) => `https://fixture.example/bookings/attempts/${id}`,
  newBooking: () => 'https://desk.example/bookings/new',
  home: () => 'https://desk.example/',
  waitList: () => 'https://desk.example/wait-list',
  account: () => 'https://desk.example/account',
  mailPreferences: () => 'https://desk.example/account/mail',
  stopMails: (userId, kind) => `https://desk.example/account/mail/stop/${userId}.${kind}`,
  console: () => 'https://desk.example/admin',
  bookingsWithoutReferrer: () => 'https://desk.example/admin/resources/bookings',
  organizer: { name: 'Examdesk', address: 'bookings@desk.example' },
  accountLink: () => 'https://desk.example/account/link',
};

export const nothingNeeded: ReadNeeds = () => Promise.resolve({ bookings: [], count: 0 });
