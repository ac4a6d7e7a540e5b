export { createMeters, type Meters } from './meters.ts';
