// E-mail preferences: how each kind is delivered.
import { choicesOf, type MailPreference, type MailPreferences } from '../../../email/index.ts';
import { isTimeZone, zonePlaceName } from '../../../lib/dates.ts';
import { deliveries, mailKinds, type Delivery } from '../../../mail-kinds/index.ts';
import type { PageRoute } from '../../endpoint.ts';
import { pageZoneOf, rawField } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { invalid } from '../../problem.ts';
import type { PageData } from '../../views.ts';
import { ownActor } from './account-page.ts';

interface Choice {
  value: Delivery;
  label: string;
  isChosen: boolean;
}

interface MailPage extends PageData {
  kinds: { kind: string; label: string; hint: string; choices: Choice[] }[];
  /** The zone of the daily digest; null for people who get none. */
  timezone: { value: string; zones: { value: string; label: string }[] } | null;
  /** Kinds are chosen for the digest, but the digest is off, so they are not sent. */
  isDigestMissed: boolean;
  /** Kinds that cannot be turned off. */
  always: string;
  notice: string | null;
}

export const deliveryWords: Record<Delivery, string> = {
  at_once: 'At once',
  daily: 'Daily digest',
  off: 'Off',
};

export function mailPages(preferences: MailPreferences): PageRoute[] {
  return [
    {
      method: 'get',
      path: paths.accountMail(),
      access: 'session',
      async handle(req, res) {
        const { viewer } = ownActor(req, res);
        const [chosen, kept] = await Promise.all([preferences.list(viewer), preferences.timezone(viewer)]);
        const page: MailPage = {
          title: 'E-mails',
          kinds: chosen.map(kindOf),
          timezone: chosen.some(({ kind }) => kind === 'daily_digest')
            ? zonesWith(kept ?? pageZoneOf(req))
            : null,
          isDigestMissed: isDigestMissed(chosen),
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
        const known = await preferences.list(actor.viewer);
        const chosen = known.flatMap(({ kind }) => {
          const delivery = rawField(req.body, kind);
          if (delivery === undefined) return [];
          if (!isChoiceOf(kind, delivery)) throw invalid([{ path: kind, message: 'Choose one of the list' }]);
          return [{ kind, delivery }];
        });
        const timezone = rawField(req.body, 'timezone');
        if (timezone !== undefined && !(typeof timezone === 'string' && isTimeZone(timezone)))
          throw invalid([{ path: 'timezone', message: 'Choose one of the list' }]);
        await preferences.save(actor, { deliveries: chosen, ...(timezone !== undefined && { timezone }) });
        res.redirect(303, `${paths.accountMail()}?done=saved`);
      },
    },
  ];
}

export function isChoiceOf(kind: string, delivery: unknown): delivery is Delivery {
  return deliveries.some((one) => one === delivery) && choicesOf(kind).includes(delivery as Delivery);
}

/** Whether a kind is chosen for the digest while the digest is off. */
export function isDigestMissed(chosen: readonly MailPreference[]): boolean {
  const isOff = chosen.some(({ kind, delivery }) => kind === 'daily_digest' && delivery === 'off');
  return isOff && chosen.some(({ delivery }) => delivery === 'daily');
}

function kindOf({ kind, delivery }: MailPreference) {
  const { label, hint, choices } = mailKinds[kind];
  const listed: Choice[] = choices.map((value) => ({
    value,
    label: kind === 'daily_digest' && value === 'daily' ? 'On' : deliveryWords[value],
    isChosen: value === delivery,
  }));
  return { kind, label, hint, choices: listed };
}

/** Every zone of Australia and New Zealand, and the chosen one wherever it is. */
const nearZones = [
  'Australia/Sydney',
  'Australia/Melbourne',
  'Australia/Brisbane',
  'Australia/Adelaide',
  'Australia/Darwin',
  'Australia/Perth',
  'Australia/Hobart',
  'Pacific/Auckland',
];

function zonesWith(value: string): MailPage['timezone'] {
  const zones = nearZones.includes(value) ? nearZones : [...nearZones, value];
  return { value, zones: zones.map((zone) => ({ value: zone, label: zonePlaceName(zone) })) };
}
