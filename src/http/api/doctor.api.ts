// Called by the system check over the app's public URL.
import { z } from 'zod';
import type { ProbeAnswer, ProbeTokens } from '../../doctor/index.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Endpoint } from '../endpoint.ts';
import { notFound } from '../problem.ts';
import { paths } from '../paths.ts';
import { problem } from './problem.schema.ts';

export interface DoctorApiServices {
  probeTokens: ProbeTokens;
  clock: Clock;
}

const answer: z.ZodType<ProbeAnswer> = z.object({
  address: z.string().describe('The client’s address as the app sees it'),
  peer: z.string().describe('Who opened the connection'),
  forwardedFor: z.string().nullable(),
  trusts: z.enum(['nobody', 'hops', 'addresses']).describe('What TRUST_PROXY names'),
});

export function doctorEndpoints({ probeTokens, clock }: DoctorApiServices): Endpoint[] {
  return [
    {
      method: 'get',
      path: paths.doctorProbe(),
      access: 'anyone',
      summary: 'For the doctor: how a request reached the app; 404 without its token',
      responses: {
        200: { description: 'How it arrived', schema: answer },
        404: problem('`not_found`'),
      },
      handle(req, res) {
        const token = /^Bearer (.+)$/.exec(req.get('authorization') ?? '')?.[1] ?? '';
        if (!probeTokens.isValid(token, clock.now())) throw notFound();
        const probe: ProbeAnswer = {
          address: plain(req.ip),
          peer: plain(req.socket.remoteAddress),
          forwardedFor: req.get('x-forwarded-for') ?? null,
          trusts: trustIn(req.app.get('trust proxy')),
        };
        res.json(probe);
      },
    },
  ];
}

function trustIn(setting: unknown): ProbeAnswer['trusts'] {
  if (setting === false) return 'nobody';
  return typeof setting === 'number' ? 'hops' : 'addresses';
}

/** The address without the prefix that IPv4 addresses have on a socket for both IPv4 and IPv6. */
function plain(address = ''): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}
