import { z } from 'zod';

export const emailField = z
  .string('Enter your e-mail address')
  .trim()
  .max(254, 'Enter an e-mail address of at most 254 characters')
  .pipe(z.email('Enter an e-mail address like name@example.com'));
