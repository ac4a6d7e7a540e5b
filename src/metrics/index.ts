export { figureNames } from './figures.ts';
export { createMeters, type Meters } from './meters.ts';
