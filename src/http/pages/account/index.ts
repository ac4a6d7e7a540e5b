// The pages of an account: invitations, settings, people.
import type { Accounts } from '../../../accounts/index.ts';
import type { MailPreferences } from '../../../email/index.ts';
import type { PageRoute } from '../../endpoint.ts';
import { calendarFeedPages, type CalendarFeedServices } from './calendar-feed.page.ts';
import { emailPages } from './email.page.ts';
import { invitationPages } from './invitation.page.ts';
import { mailPages } from './mail.page.ts';
import { mailStopPages } from './mail-stop.page.ts';
import { overviewPages } from './overview.page.ts';
import { passwordPages } from './password.page.ts';
import { peoplePages } from './people.page.ts';
import { personPages } from './person.page.ts';
import { sessionsPages } from './sessions.page.ts';
import { twoFactorPages } from './two-factor.page.ts';

export function accountPages(
  accounts: Accounts,
  mailPreferences: MailPreferences,
  feeds: CalendarFeedServices,
): PageRoute[] {
  return [
    ...overviewPages(accounts, mailPreferences, feeds.calendarFeeds),
    ...calendarFeedPages(feeds),
    ...invitationPages(accounts),
    ...passwordPages(accounts),
    ...emailPages(accounts),
    ...mailPages(mailPreferences),
    ...mailStopPages(mailPreferences),
    ...sessionsPages(accounts),
    ...twoFactorPages(accounts),
    ...peoplePages(accounts),
    ...personPages(accounts),
  ];
}
