// The Acuity connection: whether Acuity reports changes to us, and the button that creates our webhooks there.
import type { Request, Response } from 'express';
import {
  connectedWords,
  connectionWords,
  nextSteps,
  stepPages,
  troubleWords,
  type ConnectionState,
  type SyncService,
} from '../../../sync/index.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { pageZoneOf } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { forbidden } from '../../problem.ts';
import type { PageData } from '../../views.ts';
import { timeAndDay } from '../when.ts';

export interface AcuityConnectionPage extends PageData {
  attention: string | null;
  /** Why the last check failed; null: it did not. */
  trouble: string | null;
  facts: { label: string; value: string }[];
  /** The result of connecting, in the response to the form; else null. */
  done: { lines: string[]; steps: { text: string; href: string | null }[] } | null;
}

type Sync = Pick<SyncService, 'connect' | 'connection'>;

export function acuityConnectionPages({ sync }: { sync: Sync }): PageRoute[] {
  return [
    {
      method: 'get',
      path: paths.acuityConnection(),
      access: 'admin',
      handle: (req, res) => show(sync, req, res),
    },
    {
      method: 'post',
      path: paths.acuityConnection(),
      access: 'admin',
      handle: (req, res) => connect(sync, req, res),
    },
  ];
}

async function connect(sync: Sync, req: Request, res: Response): Promise<void> {
  const done = await sync.connect(actorOf(req, res));
  if (done.ok) {
    const steps = nextSteps(done.value).map(({ text, at }) => ({ text, href: at && stepPages[at] }));
    return show(sync, req, res, { done: { lines: connectedWords(done.value), steps } });
  }
  if (done.reason === 'forbidden') throw forbidden();
  return show(sync, req, res.status(409), { errors: [{ path: '', message: troubleWords[done.reason] }] });
}

async function show(
  sync: Sync,
  req: Request,
  res: Response,
  { done = null, errors = [] }: Partial<Pick<AcuityConnectionPage, 'done' | 'errors'>> = {},
): Promise<void> {
  const state = await sync.connection();
  const page: AcuityConnectionPage = {
    title: 'Acuity connection',
    errors,
    attention: state.attention && connectionWords(state.attention, state.trouble),
    // When this request failed, `errors` says so already.
    trouble: state.trouble && errors.length === 0 ? troubleWords[state.trouble] : null,
    facts: factsOf(state, pageZoneOf(req)),
    done,
  };
  res.render('admin/acuity-connection', page);
}

function factsOf({ webhooks, checkedAt, lastEventAt }: ConnectionState, zone: string) {
  const at = (time: Date | null) => (time ? timeAndDay(time, zone) : 'Never');
  return [
    ...webhooks.map(({ event, target, madeAt }) => ({
      label: `Webhook ${event}`,
      value: `${target}, made ${at(madeAt)}`,
    })),
    { label: 'Last check', value: at(checkedAt) },
    { label: 'Last event from Acuity', value: at(lastEventAt) },
  ];
}
