export type { AcuityClientOptions } from './acuity-calls.ts';
export { createAcuityClient } from './acuity-client.ts';
