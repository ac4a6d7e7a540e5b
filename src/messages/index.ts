export {
  longestMessage,
  messageRequestSchema,
  noteSchema,
  type BookingMessage,
  type SendFailure,
} from './message.ts';
export { hasUnread, readToSql, writersOf, type MessagesInView } from './message.repository.ts';
export { createMessages, takesMessages, type Messages, type Thread } from './message.service.ts';
