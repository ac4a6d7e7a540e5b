import { z } from 'zod';
import type { Readiness } from '../../doctor/index.ts';
import type { Endpoint } from '../endpoint.ts';

const state = z.enum(['ok', 'degraded', 'down', 'not_configured']);
const checks = z.object({
  checks: z.object({
    database: state,
    cache: state,
    storage: state,
    acuity: state,
    jobs: z
      .enum([...state.options, 'no worker'])
      .describe('no worker: jobs are stored, but no process has run any for 45 seconds'),
  }),
  details: z.object({
    stopping: z
      .boolean()
      .describe('True: the process is stopping, and accepts requests for a few more seconds'),
    scanner: state.describe('The virus scanner; not_configured: uploads are not scanned'),
    workers: z
      .object({ jobs: z.int(), relay: z.int() })
      .optional()
      .describe('Processes that run jobs, and that deliver events'),
    connection: z
      .object({
        attention: z
          .enum(['never_connected', 'broken', 'quiet'])
          .nullable()
          .describe('quiet: bookings were made, but no event reported them'),
        trouble: z
          .enum(['unauthorized', 'no_api_access', 'limit_reached', 'address', 'refused', 'unavailable'])
          .nullable()
          .describe('Why the last check could not repair our webhooks'),
        checkedAt: z.iso.datetime().nullable(),
        lastEventAt: z.iso.datetime().nullable(),
      })
      .optional()
      .describe('Whether Acuity reports changes to us'),
    webhooks: z
      .array(
        z.object({
          event: z.string(),
          repaired: z.string().nullable(),
          checkedAt: z.iso.datetime().nullable(),
        }),
      )
      .optional(),
  }),
});

export function healthEndpoints(readiness: () => Promise<Readiness>): Endpoint[] {
  return [
    {
      method: 'get',
      path: '/healthz',
      access: 'anyone',
      summary: 'Whether the process is alive',
      responses: { 200: { description: 'It is', schema: z.object({ status: z.literal('ok') }) } },
      handle: (_req, res) => void res.json({ status: 'ok' }),
    },
    {
      method: 'get',
      path: '/readyz',
      access: 'anyone',
      summary: 'Whether this instance can serve requests; it continues without `degraded` parts',
      responses: {
        200: { description: 'It can', schema: checks },
        503: { description: 'It cannot', schema: checks },
      },
      async handle(_req, res) {
        const found = await readiness();
        const isReady = !found.details.stopping && !Object.values(found.checks).includes('down');
        res.status(isReady ? 200 : 503).json(found);
      },
    },
  ];
}
