export type { AcuityClientOptions } from './acuity-calls.ts';
export { createAcuityClient, type AcuityClient } from './acuity-client.ts';
