// Schemas for what people type. Each tidies first and refuses after.
import { z } from 'zod';
import { isEmail, longestEmail, tidyEmail } from './typed-email.ts';
import { hasInvisible, tidyLine, tidyProse } from './typed-text.ts';

const pasted = 'Has invisible characters in it: type it instead of pasting it';

/** @param missing the message when it is no text */
export function typedLine(missing?: string) {
  return z
    .string(missing)
    .overwrite(tidyLine)
    .refine((text) => !hasInvisible(text, 'line'), pasted);
}

export function typedProse(missing?: string) {
  return z
    .string(missing)
    .overwrite(tidyProse)
    .refine((text) => !hasInvisible(text, 'prose'), pasted);
}

export function typedEmail(missing: string) {
  return z
    .string(missing)
    .overwrite(tidyEmail)
    .max(longestEmail, {
      error: `Enter an e-mail address of at most ${longestEmail} characters`,
      abort: true,
    })
    .refine(isEmail, 'Enter an e-mail address like name@example.com');
}
