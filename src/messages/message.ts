// A message between the referrers of a booking and staff, and a note that only staff see.
import { z } from 'zod';
import { hasInvisible, tidyProse } from '../lib/typed-text.ts';

export interface Person {
  id: string;
  name: string;
}

export interface BookingMessage {
  id: string;
  /** Plain text. */
  text: string;
  isFromStaff: boolean;
  /** The referrer or member of staff who wrote it. */
  createdBy: Person;
  /** The admin who wrote it while acting as that referrer. */
  createdFor: Person | null;
  createdAt: Date;
  /** For a referrer's message: since when it needs no answer any more. Always null for a message of staff. */
  answeredAt: Date | null;
  /** Others who have read it. */
  readBy: Person[];
  /** Whether the viewer has not read it yet. */
  isUnread: boolean;
}

export interface StaffNote {
  id: string;
  text: string;
  writtenBy: Person;
  createdAt: Date;
}

export const longestMessage = 4000;

function textSchema(what: string) {
  const asked = `Write ${what}`;
  return z
    .string(asked)
    .transform(tidyProse)
    .superRefine((text, ctx) => {
      const message =
        text === ''
          ? asked
          : text.length > longestMessage
            ? `Write at most ${longestMessage} characters: it has ${text.length}`
            : hasInvisible(text, 'prose')
              ? 'The text has invisible characters in it: type it instead of pasting it'
              : null;
      if (message) ctx.addIssue({ code: 'custom', message });
    });
}

export const messageRequestSchema = z.object({ text: textSchema('a message') }, 'Send a JSON object');
export const noteSchema = z.object({ note: textSchema('a note') });

/** `booking_closed`: it is archived, or belongs to nobody yet. `idempotency_conflict`: the key was used for another text. */
export type WriteFailure = { reason: 'not_found' | 'booking_closed' | 'idempotency_conflict' };
export type SendFailure = WriteFailure | { reason: 'too_many'; retryAfterMs: number };
