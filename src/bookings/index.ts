export * from './booking.ts';
export type * from './booking.service.ts';
export type * from './booking.list.ts';
export type * from './booking.drafts.ts';
export {
  bookingRequestSchema,
  cancelRequestSchema,
  claimNumberSchema,
  examineeSchema,
  idempotencyKeySchema,
  idSchema,
  notesSchema,
  proseSchema,
  rescheduleRequestSchema,
  startsAtSchema,
  timezoneSchema,
} from './booking.input.ts';
