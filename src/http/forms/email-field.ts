import { typedEmail } from '../../lib/typed-input.ts';

export const emailField = typedEmail('Enter your e-mail address');
