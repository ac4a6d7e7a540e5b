// The account's overview: its data, with links to change them.
import { roleNames, type Accounts } from '../../../accounts/index.ts';
import type { CalendarFeeds } from '../../../bookings/index.ts';
import type { MailPreference, MailPreferences } from '../../../email/index.ts';
import type { PageRoute } from '../../endpoint.ts';
import { namedIn } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import type { PageData } from '../../views.ts';
import { ownActor } from './account-page.ts';

interface AccountPage extends PageData {
  rows: { label: string; value: string; note?: string; href?: string; action?: string }[];
  notice: string | null;
}

const notices: Record<string, string> = {
  password: 'Your new password is set. Every other device is signed out.',
  'two-factor-off': 'Two-step sign-in is off.',
};

export function overviewPages(
  accounts: Accounts,
  mailPreferences: MailPreferences,
  calendarFeeds: CalendarFeeds,
): PageRoute[] {
  return [
    {
      method: 'get',
      path: paths.account(),
      access: 'session',
      async handle(req, res) {
        const { viewer } = ownActor(req, res);
        const [twoFactor, sessions, mails, feed] = await Promise.all([
          accounts.twoFactor.state(viewer),
          accounts.ownSessions.list(viewer),
          mailPreferences.list(viewer),
          calendarFeeds.find(viewer),
        ]);
        const elsewhere = sessions.filter(({ isThisOne }) => !isThisOne).length;
        const page: AccountPage = {
          title: 'Your account',
          notice: namedIn(notices, req.query.done),
          rows: [
            { label: 'Name', value: viewer.name },
            {
              label: viewer.organization ? 'Organisation' : 'Role',
              value: viewer.organization?.name ?? roleNames[viewer.role],
            },
            { label: 'E-mail address', value: viewer.email, href: paths.accountEmail(), action: 'Change' },
            {
              label: 'E-mails',
              value: mailWords(mails),
              href: paths.accountMail(),
              action: 'Choose',
            },
            ...(viewer.role === 'referrer'
              ? [
                  {
                    label: 'Calendar',
                    value: feed ? 'On' : 'Off',
                    href: paths.accountCalendar(),
                    action: feed ? 'Change' : 'Set up',
                  },
                ]
              : []),
            { label: 'Password', value: 'Set', href: paths.accountPassword(), action: 'Change' },
            {
              label: 'Two-step sign-in',
              value: twoFactor.isOn ? 'On' : 'Off',
              ...(twoFactor.recoveryCodesLeft !== null && {
                note: `${twoFactor.recoveryCodesLeft} recovery code${twoFactor.recoveryCodesLeft === 1 ? '' : 's'} left`,
              }),
              href: paths.accountTwoFactor(),
              action: twoFactor.isOn ? 'Look after' : 'Set up',
            },
            {
              label: 'Signed in',
              value:
                elsewhere === 0
                  ? 'Here only'
                  : `Here and in ${elsewhere} other place${elsewhere === 1 ? '' : 's'}`,
              href: paths.accountSessions(),
              action: 'See',
            },
          ],
        };
        res.render('account/overview', page);
      },
    },
  ];
}

function mailWords(preferences: MailPreference[]): string {
  const on = preferences.filter(({ delivery }) => delivery !== 'off').length;
  return on === preferences.length ? 'All' : `${on} of ${preferences.length} kinds`;
}
