import { pino } from 'pino';

/** Writes nowhere, several lines at a time as a deployed process does (src/app/log.ts). */
export const quietLog = () =>
  pino({ level: 'info' }, pino.destination({ dest: '/dev/null', minLength: 8_192 }));
