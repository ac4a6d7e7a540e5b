// /_sim: the API by which tests make the simulator misbehave and inspect its calls and deliveries.
import express, { Router } from 'express';
import { z } from 'zod';
import type { Call } from './api.ts';
import { type Faults, faultRulesSchema } from './faults.ts';
import { accountForms, addForms, formsSchema } from './intake-forms.ts';
import { defaultSwitches, type World } from './world.ts';
import type { Webhooks } from './webhooks.ts';

const webhooksSchema = z
  .object({
    enabled: z.boolean(),
    delayMs: z.number().min(0),
    /** How many extra deliveries each event gets; true means one. */
    duplicate: z.union([z.boolean().transform(Number), z.number().int().min(0)]),
    reorder: z.boolean(),
    early: z.boolean(),
  })
  .partial();
const switchesSchema = z
  .object({
    limits: z.boolean(),
    slotLagMs: z.number().min(0),
    link: z.object({ mode: z.enum(['at_once', 'late', 'never']), afterMs: z.number().min(0).default(0) }),
    clientsMay: z.object({ cancel: z.boolean().default(true), reschedule: z.boolean().default(true) }),
    phoneRequired: z.boolean(),
  })
  .partial();
const clockSchema = z.object({ now: z.coerce.date() });

export interface ControlParts {
  world: World;
  webhooks: Webhooks;
  faults: Faults;
  calls: Call[];
  /** Sets the clock, which keeps running from there; null: back to real time. */
  setClock: (now: Date | null) => void;
}

export function controlRouter({ world, webhooks, faults, calls, setClock }: ControlParts): Router {
  const router = Router();
  router.use(express.json({ limit: '1mb' }));
  router.post('/reset', (_req, res) => {
    world.store.reset();
    webhooks.reset();
    faults.set([]);
    calls.length = 0;
    Object.assign(world.switches, defaultSwitches());
    setClock(null);
    res.json({ ok: true });
  });
  router.post('/faults', (req, res) => {
    const { rules } = faultRulesSchema.parse(req.body);
    faults.set(rules);
    res.json({ rules });
  });
  router.post('/webhooks', (req, res) => {
    Object.assign(webhooks.misbehaviour, webhooksSchema.parse(req.body));
    res.json(webhooks.misbehaviour);
  });
  router.post('/switches', (req, res) => {
    Object.assign(world.switches, switchesSchema.parse(req.body));
    res.json(world.switches);
  });
  router.post('/forms', (req, res) => {
    addForms(world, formsSchema.parse(req.body).forms);
    res.json({ forms: accountForms(world) });
  });
  router.post('/clock', (req, res) => {
    setClock(clockSchema.parse(req.body).now);
    webhooks.tick();
    res.json({ now: world.now().toISOString() });
  });
  router.get('/deliveries', (_req, res) => void res.json({ deliveries: webhooks.deliveries }));
  router.get('/calls', (_req, res) => void res.json({ calls }));
  router.use((error: unknown, _req: express.Request, res: express.Response, next: express.NextFunction) => {
    if (error instanceof z.ZodError) res.status(400).json({ error: z.prettifyError(error) });
    else if (isRefusedBody(error)) res.status(error.status).json({ error: error.message });
    else next(error);
  });
  return router;
}

/** What express.json refuses: a body that is not JSON, too large, or in an unknown character set. */
function isRefusedBody(error: unknown): error is Error & { status: number } {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  return typeof status === 'number' && status >= 400 && status < 500;
}
