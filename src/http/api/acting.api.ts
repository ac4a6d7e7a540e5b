// For an acting admin's open tabs: whether the episode goes on, and to extend it.
import type { Response } from 'express';
import { z } from 'zod';
import type { ImpersonationService } from '../../impersonation/index.ts';
import { viewerOf } from '../actor.ts';
import type { Endpoint } from '../endpoint.ts';
import { secondsUntil } from '../middleware/acting.ts';
import { forbidden } from '../problem.ts';
import { problem } from './problem.schema.ts';

type Current = Pick<ImpersonationService, 'current'>;

const acting = z.object({ episodeId: z.uuid(), expiresAt: z.iso.datetime(), secondsLeft: z.int().min(0) });

export function actingEndpoints({ impersonation }: { impersonation: Current }): Endpoint[] {
  return [
    {
      method: 'get',
      path: '/admin/acting',
      access: 'session',
      summary:
        'Whether somebody acts in this session, and until when. With `X-By-Itself: true` it does not extend the episode',
      responses: {
        200: { description: 'The episode, or null', schema: z.object({ acting: acting.nullable() }) },
        401: problem('`not_signed_in`'),
      },
      handle: async (_req, res) => void res.json({ acting: await actingOf(impersonation, res) }),
    },
    {
      method: 'post',
      path: '/admin/acting',
      access: 'session',
      summary: 'Extend the episode, as every request does; four hours in all at most',
      responses: {
        200: { description: 'Extended', schema: z.object({ acting }) },
        401: problem('`not_signed_in`'),
        403: problem('`forbidden`: nobody acts here'),
      },
      async handle(_req, res) {
        const going = await actingOf(impersonation, res);
        if (!going) throw forbidden('Nobody is acting in this session.');
        res.json({ acting: going });
      },
    },
  ];
}

async function actingOf(impersonation: Current, res: Response): Promise<z.output<typeof acting> | null> {
  const viewer = viewerOf(res);
  const episode = viewer && (await impersonation.current(viewer));
  if (!episode) return null;
  const { id, expiresAt } = episode;
  return {
    episodeId: id,
    expiresAt: expiresAt.toISOString(),
    secondsLeft: secondsUntil(expiresAt),
  };
}
