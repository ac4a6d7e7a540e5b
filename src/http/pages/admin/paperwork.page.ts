// Paperwork for staff: who is late, what share was complete in time, and the rules, which admins change.
import type { Request, Response } from 'express';
import { mayAdminister } from '../../../accounts/index.ts';
import {
  mostBusinessDays,
  mostOfPaperwork,
  paperCategories,
  paperWords,
  type LateBooking,
  type PaperRule,
  type PaperRules,
  type RulesFailure,
  type RulesOfOne,
} from '../../../bookings/index.ts';
import { weekdayAndDay } from '../../../lib/dates.ts';
import type { FieldError } from '../../../lib/result.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { typed } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { notFound } from '../../problem.ts';
import type { PageData } from '../../views.ts';
import { moreWords } from '../count-words.ts';
import type { PageServices } from '../page-services.ts';
import { dayAndClockInZone } from '../when.ts';

export interface PaperworkPage extends PageData {
  /** `18 of 24 examinations (75 %)`; null: none needed documents. */
  share: string | null;
  /** `in the last 30 days`, or of which examinations when there are too many. */
  shareOf: string;
  shareDays: number;
  late: {
    href: string;
    reference: string;
    examinee: string;
    starts: string;
    specialist: string;
    organization: string;
    referrer: string;
    missing: string[];
    due: string;
  }[];
  /** `12 more`; null: all are listed. */
  moreLate: string | null;
  rules: { name: string; consentForm: string; brief: string; changeHref: string | null }[];
  form: RulesForm | null;
  saved: boolean;
  isRefreshing: boolean;
}

interface RulesForm {
  name: string;
  /** `all` or the specialist's id. */
  of: string;
  fields: {
    path: string;
    label: string;
    seen: string;
    options: { value: string; label: string; isChosen: boolean }[];
  }[];
}

type Needs = Pick<PageServices, 'paperwork' | 'clock'>;

export function paperworkPages(services: Needs): PageRoute[] {
  return [
    {
      method: 'get',
      path: paths.paperwork(),
      access: 'staff',
      handle: (req, res) => show(services, req, res, { of: typed(req.query, 'change') }),
    },
    {
      method: 'post',
      path: paths.paperwork(),
      access: 'admin',
      handle: (req, res) => save(services, req, res),
    },
  ];
}

async function save(services: Needs, req: Request, res: Response): Promise<void> {
  const of = typed(req.body, 'of');
  const specialistId = of === 'all' ? null : of;
  const seen = rulesIn(req.body, 'seen.');
  const rules = rulesIn(req.body, '');
  const saved = await services.paperwork.saveRules(actorOf(req, res), specialistId, seen, rules);
  if (saved.ok) return res.redirect(303, `${paths.paperwork()}?saved`);
  if (saved.reason === 'not_found') throw notFound();
  const errors = [{ path: 'consent_form', message: refusals[saved.reason] }];
  await show(services, req, res.status(saved.reason === 'stale' ? 409 : 422), { of, errors });
}

const refusals: Record<Exclude<RulesFailure['reason'], 'not_found'>, string> = {
  forbidden: 'Only admins change the rules',
  invalid: 'Choose one of the offered rules for each document',
  stale: 'Somebody else changed these rules meanwhile: check them, then save again',
};

async function show(
  { paperwork, clock }: Needs,
  req: Request,
  res: Response,
  { of, errors }: { of: string; errors?: FieldError[] },
): Promise<void> {
  const now = clock.now();
  const { late, lateCount, share, isRefreshing } = await paperwork.report(now);
  const rules = await paperwork.rules();
  const mayChange = mayAdminister(actorOf(req, res).viewer);
  const changed = mayChange ? rules.find((one) => keyOf(one) === of) : undefined;
  const page: PaperworkPage = {
    title: 'Paperwork',
    ...(errors && { errors }),
    share:
      share.needed === 0
        ? null
        : `${share.inTime} of ${share.needed} examinations (${Math.floor((100 * share.inTime) / share.needed)} %)`,
    shareOf:
      share.needed < mostOfPaperwork
        ? `in the last ${share.days} days`
        : `in the newest ${mostOfPaperwork.toLocaleString('en-AU')} examinations of the last ${share.days} days`,
    shareDays: share.days,
    late: late.map((one) => lateRow(one, now)),
    moreLate: moreWords(late.length, lateCount, mostOfPaperwork),
    rules: rules.map((one) => ({
      name: nameOf(one),
      consentForm: ruleWords(one.rules.consent_form),
      brief: ruleWords(one.rules.brief),
      changeHref: mayChange ? `${paths.paperwork()}?change=${keyOf(one)}#change` : null,
    })),
    form: changed ? formOf(changed) : null,
    saved: req.query.saved !== undefined,
    isRefreshing,
  };
  res.render('admin/paperwork', page);
}

function keyOf({ specialist }: RulesOfOne): string {
  return specialist?.id ?? 'all';
}

function nameOf({ specialist }: RulesOfOne): string {
  return specialist?.name ?? 'All specialists';
}

function lateRow(one: LateBooking, now: Date): PaperworkPage['late'][number] {
  return {
    href: paths.booking(one.id),
    reference: one.reference,
    examinee: one.examinee || 'Name not given',
    starts: dayAndClockInZone(one.startsAt, one.timezone, now),
    specialist: one.specialist,
    organization: one.organization,
    referrer: one.referrer,
    missing: one.missing.map(({ category }) => paperWords[category]),
    due: [...new Set(one.missing.map(({ dueOn }) => weekdayAndDay(dueOn)))].join(', '),
  };
}

const offeredDays = [0, 1, 2, 3, 4, 5, 7, 10, 15, 20];

function formOf(one: RulesOfOne): RulesForm {
  return {
    name: nameOf(one),
    of: keyOf(one),
    fields: paperCategories.map((category) => {
      const rule = one.rules[category];
      const days =
        typeof rule === 'number' && !offeredDays.includes(rule) ? [...offeredDays, rule] : offeredDays;
      const offered: PaperRule[] = [...(one.specialist ? ['as_for_all' as const] : []), 'none', ...days];
      return {
        path: category,
        label: paperWords[category],
        seen: String(rule),
        options: offered.map((value) => ({
          value: String(value),
          label: ruleWords(value),
          isChosen: value === rule,
        })),
      };
    }),
  };
}

function ruleWords(rule: PaperRule): string {
  if (rule === 'as_for_all') return 'As for all specialists';
  if (rule === 'none') return 'Not needed';
  if (rule === 0) return 'On the day';
  return `${rule} business ${rule === 1 ? 'day' : 'days'} before`;
}

/** Turns text that cannot be a rule into a number that no rule can have, so that the room refuses it. */
function rulesIn(body: unknown, prefix: string): PaperRules {
  const read = (category: string): PaperRule => {
    const value = typed(body, `${prefix}${category}`);
    if (value === 'none' || value === 'as_for_all') return value;
    return /^\d{1,3}$/.test(value) ? Number(value) : mostBusinessDays + 1;
  };
  return { consent_form: read('consent_form'), brief: read('brief') };
}
