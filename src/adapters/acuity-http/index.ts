export { type AcuityClientOptions, createAcuityClient } from './acuity-client.ts';
