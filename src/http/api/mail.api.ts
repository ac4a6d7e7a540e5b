// How a person's e-mails are delivered, for programs.
import { z } from 'zod';
import type { MailPreferences } from '../../email/index.ts';
import type { Viewer } from '../../accounts/index.ts';
import { agencyZone, isTimeZone } from '../../lib/zones.ts';
import { deliveries, mailKindNames, mailKinds } from '../../mail-kinds/index.ts';
import type { Endpoint } from '../endpoint.ts';
import { ownActor } from '../pages/account/account-page.ts';
import { isChoiceOf } from '../pages/account/mail.page.ts';
import { paths } from '../paths.ts';
import { invalid, parse } from '../problem.ts';
import { problem } from './problem.schema.ts';

const kind = z.enum(mailKindNames as [string, ...string[]]);
const delivery = z.enum(deliveries);
const preferencesInJson = z.object({
  kinds: z.array(
    z.object({
      kind,
      label: z.string(),
      delivery,
      choices: z.array(delivery).describe('What `delivery` may be set to'),
    }),
  ),
  timezone: z.string().describe('Where the daily digest is sent at 7 in the morning (IANA)'),
});
const wanted = z.object({
  kinds: z.array(z.object({ kind, delivery })).max(50),
  timezone: z.string().refine(isTimeZone, 'This is no IANA time zone').optional(),
});

export function mailEndpoints(preferences: MailPreferences): Endpoint[] {
  const answer = async (viewer: Viewer) => {
    const [chosen, timezone] = await Promise.all([preferences.list(viewer), preferences.timezone(viewer)]);
    return {
      kinds: chosen.map((one) => {
        const { label, choices } = mailKinds[one.kind];
        return { kind: one.kind, label, delivery: one.delivery, choices };
      }),
      timezone: timezone ?? agencyZone,
    };
  };
  return [
    {
      method: 'get',
      path: paths.accountMail(),
      access: 'session',
      summary: 'How each kind of e-mail is delivered to you',
      responses: {
        200: { description: 'Every kind that you may choose', schema: preferencesInJson },
        401: problem('`not_signed_in`'),
        403: problem('`forbidden`: while acting'),
      },
      async handle(req, res) {
        res.json(await answer(ownActor(req, res).viewer));
      },
    },
    {
      method: 'post',
      path: paths.accountMail(),
      access: 'session',
      summary: 'Choose how kinds of e-mail are delivered to you; those that are not named stay',
      request: { body: wanted },
      responses: {
        200: { description: 'Saved', schema: preferencesInJson },
        401: problem('`not_signed_in`'),
        403: problem('`forbidden`: while acting'),
        422: problem('`invalid`'),
      },
      async handle(req, res) {
        const actor = ownActor(req, res);
        const { kinds, timezone } = parse(wanted, req.body);
        const known = await preferences.list(actor.viewer);
        const chosen = kinds.map((one, index) => {
          const found = known.find((own) => own.kind === one.kind);
          if (!found) throw invalid([{ path: `kinds.${index}.kind`, message: 'You do not get this kind' }]);
          if (!isChoiceOf(found.kind, one.delivery))
            throw invalid([{ path: `kinds.${index}.delivery`, message: 'This kind cannot be sent so' }]);
          if (kinds.findIndex(({ kind: named }) => named === one.kind) !== index)
            throw invalid([{ path: `kinds.${index}.kind`, message: 'This kind is named twice' }]);
          return { kind: found.kind, delivery: one.delivery };
        });
        await preferences.save(actor, { deliveries: chosen, ...(timezone !== undefined && { timezone }) });
        res.json(await answer(actor.viewer));
      },
    },
  ];
}
