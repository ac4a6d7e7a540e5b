import { z } from 'zod';
import type { ConnectionAttention, ConnectionTrouble } from '../../sync/index.ts';
import type { Endpoint } from '../endpoint.ts';

export type CheckState = 'ok' | 'degraded' | 'down' | 'not_configured';
/** One look at each thing the instance needs. */
export interface Readiness {
  checks: Record<'database' | 'cache' | 'storage' | 'acuity', CheckState> & {
    /** `no worker`: jobs are taken, and nobody works them. */
    jobs: CheckState | 'no worker';
  };
  details: {
    /** The process was told to stop: send no new requests. */
    stopping: boolean;
    /** `not_configured`: uploads are not scanned. */
    scanner: CheckState;
    /** Processes that gave a sign of life lately: that work jobs, that deliver events. */
    workers?: Record<'jobs' | 'relay', number>;
    /** Whether Acuity tells us of changes. Never a reason to send no requests here. */
    connection?: {
      attention: ConnectionAttention | null;
      trouble: ConnectionTrouble | null;
      checkedAt: string | null;
      lastEventAt: string | null;
    };
    /** Our webhooks in Acuity; `repaired`: what was wrong at the last look. */
    webhooks?: { event: string; repaired: string | null; checkedAt: string | null }[];
  };
}

const state = z.enum(['ok', 'degraded', 'down', 'not_configured']);
const checks = z.object({
  checks: z.object({
    database: state,
    cache: state,
    storage: state,
    acuity: state,
    jobs: z
      .enum([...state.options, 'no worker'])
      .describe('no worker: jobs are taken, and no process has worked any for 45 seconds'),
  }),
  details: z.object({
    stopping: z.boolean().describe('True: it was told to stop, and takes requests for a few seconds more'),
    scanner: state.describe('Of viruses; not_configured: uploads are not scanned'),
    workers: z
      .object({ jobs: z.int(), relay: z.int() })
      .optional()
      .describe('Processes that work jobs, and that deliver events'),
    connection: z
      .object({
        attention: z
          .enum(['never_connected', 'broken', 'quiet'])
          .nullable()
          .describe('quiet: bookings were made, and no event told of them'),
        trouble: z
          .enum(['unauthorized', 'no_api_access', 'limit_reached', 'address', 'refused', 'unavailable'])
          .nullable()
          .describe('Why the last look could not bring our webhooks in order'),
        checkedAt: z.iso.datetime().nullable(),
        lastEventAt: z.iso.datetime().nullable(),
      })
      .optional()
      .describe('Whether Acuity tells us of changes'),
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

export function healthEndpoints(look: () => Promise<Readiness>): Endpoint[] {
  return [
    {
      method: 'get',
      path: '/healthz',
      access: 'anyone',
      summary: 'Whether the process lives',
      responses: { 200: { description: 'It does', schema: z.object({ status: z.literal('ok') }) } },
      handle: (_req, res) => void res.json({ status: 'ok' }),
    },
    {
      method: 'get',
      path: '/readyz',
      access: 'anyone',
      summary: 'Whether this instance can serve; `degraded` parts are down, but it goes on without them',
      responses: {
        200: { description: 'It can', schema: checks },
        503: { description: 'It cannot', schema: checks },
      },
      async handle(_req, res) {
        const readiness = await look();
        const isReady = !readiness.details.stopping && !Object.values(readiness.checks).includes('down');
        res.status(isReady ? 200 : 503).json(readiness);
      },
    },
  ];
}
