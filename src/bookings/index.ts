export * from './booking.ts';
export type * from './booking.service.ts';
export type * from './booking.list.ts';
export type * from './booking.drafts.ts';
