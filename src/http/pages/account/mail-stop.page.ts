// Stops one kind of e-mail without a session, by the signed address in the mail. Opening it changes nothing, because
// mail scanners open every link; a POST does (RFC 8058: mail programs send it themselves), and can be undone.
import type { MailPreference, MailPreferences } from '../../../email/index.ts';
import { mailKinds, type Delivery } from '../../../mail-kinds/index.ts';
import { requestFacts } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { rawField } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { invalid } from '../../problem.ts';
import type { PageData } from '../../views.ts';
import { showClosedLink } from './account-page.ts';
import { isChoiceOf } from './mail.page.ts';
import type { Request, Response } from 'express';

interface StopPage extends PageData {
  label: string;
  hint: string;
  isOff: boolean;
  /** The delivery that undoing restores. */
  before: Delivery;
  action: string;
}

export function mailStopPages(preferences: MailPreferences): PageRoute[] {
  const show = (req: Request, res: Response, found: MailPreference | null, before?: Delivery) => {
    if (!found)
      return showClosedLink(res, {
        title: 'This link does not work',
        advice: 'Choose under “Your account” which e-mails you get.',
        action: { href: paths.accountMail(), text: 'Choose your e-mails' },
      });
    const { label, hint, usual } = mailKinds[found.kind];
    const isOff = found.delivery === 'off';
    const page: StopPage = {
      title: isOff ? 'E-mails stopped' : 'Stop these e-mails?',
      label,
      hint,
      isOff,
      before: before ?? usual,
      action: paths.accountMailStop(tokenOf(req)),
    };
    res.render('account/mail-stop', page);
  };
  return [
    {
      method: 'get',
      path: paths.accountMailStop(':token'),
      access: 'anyone',
      async handle(req, res) {
        show(req, res, await preferences.stoppedBy(tokenOf(req)));
      },
    },
    {
      method: 'post',
      path: paths.accountMailStop(':token'),
      access: 'anyone',
      async handle(req, res) {
        const before = await preferences.stoppedBy(tokenOf(req));
        // The request of a mail program has no such field, and stops the e-mails.
        const delivery = rawField(req.body, 'delivery') ?? 'off';
        if (before && !isChoiceOf(before.kind, delivery))
          throw invalid([{ path: 'delivery', message: 'Choose one of the list' }]);
        const wanted = delivery as Delivery;
        const saved = before && (await preferences.saveByLink(tokenOf(req), wanted, requestFacts(req, res)));
        show(req, res, saved, before && before.delivery !== 'off' ? before.delivery : undefined);
      },
    },
  ];
}

function tokenOf(req: Request): string {
  return String(req.params.token);
}
