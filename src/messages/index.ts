export {
  longestMessage,
  messageRequestSchema,
  noteSchema,
  type BookingMessage,
} from './message.ts';
export {
  hasUnread,
  readToSql,
  staffNotesText,
  unansweredByBooking,
  writersOf,
  type MessagesInView,
} from './message.repository.ts';
export { createMessages, takesMessages, type Messages, type Thread } from './message.service.ts';
