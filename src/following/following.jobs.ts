import { z } from 'zod';
import type { JobDefinition } from '../ports/job-queue.ts';

const anAppointment = z.object({ appointmentId: z.number().int().positive() });

/** Reads a missing meeting link. Retried with growing pauses for about half a day. */
export const fetchMeetingLinkJob: JobDefinition<z.output<typeof anAppointment>> = {
  name: 'fetch_meeting_link',
  payload: anAppointment,
  maxAttempts: 11,
};
