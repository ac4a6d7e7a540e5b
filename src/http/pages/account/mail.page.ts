// E-mail preferences: turns each kind on or off.
import type { MailPreferences } from '../../../email/index.ts';
import { mailKinds } from '../../../mail-kinds/index.ts';
import type { PageRoute } from '../../endpoint.ts';
import { rawField } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import type { PageData } from '../../views.ts';
import { ownActor } from './account-page.ts';

interface MailPage extends PageData {
  kinds: { kind: string; label: string; hint: string; isOn: boolean }[];
  /** Kinds that cannot be turned off. */
  always: string;
  notice: string | null;
}

export function mailPages(preferences: MailPreferences): PageRoute[] {
  return [
    {
      method: 'get',
      path: paths.accountMail(),
      access: 'session',
      async handle(req, res) {
        const { viewer } = ownActor(req, res);
        const page: MailPage = {
          title: 'E-mails',
          kinds: (await preferences.list(viewer)).map(({ kind, isOn }) => {
            const { label, hint } = mailKinds[kind];
            return { kind, label, hint, isOn };
          }),
          always:
            viewer.role === 'referrer'
              ? 'Messages about your account, and about a request of yours that failed, are always sent.'
              : 'Messages about your account, and about faults that need an admin, are always sent.',
          notice: req.query.done === 'saved' ? 'Your choice is saved.' : null,
        };
        res.render('account/mail', page);
      },
    },
    {
      method: 'post',
      path: paths.accountMail(),
      access: 'session',
      async handle(req, res) {
        const actor = ownActor(req, res);
        const kinds = (await preferences.list(actor.viewer)).map(({ kind }) => kind);
        // Browsers do not send unticked boxes: a missing kind is off.
        const on = kinds.filter((kind) => rawField(req.body, kind) === 'on');
        await preferences.save(actor, on);
        res.redirect(303, `${paths.accountMail()}?done=saved`);
      },
    },
  ];
}
