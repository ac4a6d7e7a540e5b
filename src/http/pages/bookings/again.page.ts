// Begins another booking with the details of an existing one: the same examination again, or another for the same examinee.
import type { Request, Response } from 'express';
import { z } from 'zod';
import { asTyped, type BookingView } from '../../../bookings/index.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { paths } from '../../paths.ts';
import { notFound, parse } from '../../problem.ts';
import type { PageServices } from '../page-services.ts';

type Needs = Pick<PageServices, 'bookings' | 'drafts' | 'specialists'>;

const formSchema = z.object({
  /** `same`: the same specialist and kind of examination. `another`: chosen anew. */
  with: z.enum(['same', 'another'], 'Choose the same specialist or another'),
});

export function bookAgainPages(services: Needs): PageRoute[] {
  return [
    {
      method: 'post',
      path: paths.bookingAgain(':id'),
      access: 'referrer',
      handle: (req, res) => bookAgain(services, req as Request<{ id: string }>, res),
    },
  ];
}

/** What is typed about a person never goes into a URL: it is in the draft. */
async function bookAgain(services: Needs, req: Request<{ id: string }>, res: Response): Promise<void> {
  const actor = actorOf(req, res);
  const found = await services.bookings.view(actor, req.params.id);
  if (!found) throw notFound();
  const { with: wanted } = parse(formSchema, req.body);
  const isSame = wanted === 'same' && (await isOffered(services, found));
  const { booking, answers } = found;
  const { id } = await services.drafts.create(actor.viewer, {
    ...(isSame && { specialistId: booking.specialist.id, type: booking.type }),
    ...asTyped(booking),
    // Another specialist asks other questions, so the answers are not copied.
    ...(isSame && { answers: answers.map(({ fieldId, value }) => ({ fieldId, value })) }),
  });
  res.redirect(303, isSame ? paths.draftTime(id) : paths.newBooking(id));
}

async function isOffered({ specialists }: Needs, { booking }: BookingView): Promise<boolean> {
  const specialist = await specialists.findById(booking.specialist.id);
  return specialist?.isActive === true && specialist.services.some(({ type }) => type === booking.type);
}
