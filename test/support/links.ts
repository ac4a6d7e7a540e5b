import type { Links } from '../../src/email/index.ts';

/** The page addresses that tests expect in mails. */
export const testLinks: Links = {
  booking: (id) => `https://fixture.example/bookings/${id}`,
  attempt: (id) => `https://fixture.example/bookings/attempts/${id}`,
  newBooking: () => 'https://desk.example/bookings/new',
  account: () => 'https://desk.example/account',
  mailPreferences: () => 'https://desk.example/account/mail',
  console: () => 'https://desk.example/admin',
  bookingsWithoutReferrer: () => 'https://desk.example/admin/resources/bookings',
  organizer: { name: 'Examdesk', address: 'bookings@desk.example' },
  accountLink: () => 'https://desk.example/account/link',
};
