import { z } from 'zod';
import type { JobDefinition } from '../ports/job-queue.ts';

const anAppointment = z.object({ appointmentId: z.number().int().positive() });

/** A video address that was not there yet: asked for again with growing pauses, about half a day in all. */
export const fetchMeetingLinkJob: JobDefinition<z.output<typeof anAppointment>> = {
  name: 'fetch_meeting_link',
  payload: anAppointment,
  maxAttempts: 11,
};
