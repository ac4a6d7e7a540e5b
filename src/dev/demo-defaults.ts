import { demoAcuityKey } from '../config.production.ts';

/** The app's variables under npm start, unless something else is set. */
export const demoDefaults = {
  ACUITY_USER_ID: '11100001',
  ACUITY_API_KEY: demoAcuityKey,
  DEMO_ACCOUNTS: 'true',
  WEBHOOK_DELAY_SECONDS: '2',
} as const;
