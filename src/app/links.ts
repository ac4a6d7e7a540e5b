import type { LinkTokens } from '../accounts/index.ts';
import type { Config } from '../config.ts';
import type { Links, StopLinks } from '../email/index.ts';
import { parseSender } from '../lib/mail-sender.ts';
import { paths } from '../http/paths.ts';

/** The pages that e-mails lead to, with the app's public address. */
export function emailLinks(
  { BASE_URL, MAIL_FROM }: Pick<Config, 'BASE_URL' | 'MAIL_FROM'>,
  tokens: LinkTokens,
  stopLinks: StopLinks,
): Links {
  return {
    home: () => BASE_URL + paths.home(),
    booking: (id) => BASE_URL + paths.booking(id),
    attempt: (id) => BASE_URL + paths.bookingAttempt(id),
    waitList: () => BASE_URL + paths.waitList(),
    newBooking: () => BASE_URL + paths.newBooking(),
    account: () => BASE_URL + paths.account(),
    console: () => BASE_URL + paths.console(),
    bookingsWithoutReferrer: () => BASE_URL + paths.bookingsWithoutReferrer(),
    mailPreferences: () => BASE_URL + paths.accountMail(),
    stopMails: (userId, kind) => BASE_URL + paths.accountMailStop(stopLinks.tokenFor(userId, kind)),
    organizer: parseSender(MAIL_FROM),
    accountLink: (kind, id) => BASE_URL + paths.accountLink(kind, tokens.tokenFor(kind, id)),
  };
}
