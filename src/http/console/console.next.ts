// Leads from one record that needs attention to the next of the same kind.
import { Router, type Request, type Response } from 'express';
import { nextRecord, type NextRecord } from '../../console/index.ts';
import { actorOf } from '../actor.ts';
import { badRequest } from '../problem.ts';
import { enforce, nextRules } from './console.gate.ts';
import type { ConsoleServices } from './console.services.ts';

/** GET `?after=` with the id of the record that was just looked at. */
export const nextAddresses = { page: '/admin/next/:attention', data: '/admin/api/next/:attention' };

export function nextRoutes(services: Pick<ConsoleServices, 'db'>): Router {
  const router = Router();
  router.get(nextAddresses.data, async (req, res) => {
    res.set('Cache-Control', 'no-store').json(await find(services, req, res));
  });
  router.get(nextAddresses.page, async (req, res) => {
    const { href } = await find(services, req, res);
    res.redirect(303, href ?? `/admin?last=${String(req.params.attention)}`);
  });
  return router;
}

async function find({ db }: Pick<ConsoleServices, 'db'>, req: Request, res: Response): Promise<NextRecord> {
  const list = enforce(nextRules(actorOf(req, res).viewer, String(req.params.attention)));
  const { after } = req.query;
  if (after !== undefined && (typeof after !== 'string' || after.length > 60 || after.includes('\0')))
    throw badRequest('Give after once, the id of a record.');
  return nextRecord(db, list, after ?? null);
}
