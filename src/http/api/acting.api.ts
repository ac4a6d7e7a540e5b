// For an acting admin's open tabs: whether the episode goes on, and to extend it.
import type { Response } from 'express';
import { z } from 'zod';
import { episodeOf, sessionLeftOf } from '../actor.ts';
import type { Endpoint } from '../endpoint.ts';
import { forbidden } from '../problem.ts';
import { problem } from './problem.schema.ts';

const acting = z.object({ episodeId: z.uuid(), expiresAt: z.iso.datetime(), secondsLeft: z.int().min(0) });

export function actingEndpoints(): Endpoint[] {
  return [
    {
      method: 'get',
      path: '/admin/acting',
      access: 'session',
      summary:
        'Whether somebody acts in this session, and until when. With `X-Polling: true` it does not extend the episode',
      responses: {
        200: { description: 'The episode, or null', schema: z.object({ acting: acting.nullable() }) },
        401: problem('`not_signed_in`'),
      },
      handle: (_req, res) => void res.json({ acting: actingOf(res) }),
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
      handle(_req, res) {
        const going = actingOf(res);
        if (!going) throw forbidden('Nobody is acting in this session.');
        res.json({ acting: going });
      },
    },
  ];
}

function actingOf(res: Response): z.output<typeof acting> | null {
  const episode = episodeOf(res);
  if (!episode) return null;
  const { id, expiresAt } = episode;
  return {
    episodeId: id,
    expiresAt: expiresAt.toISOString(),
    secondsLeft: sessionLeftOf(res),
  };
}
