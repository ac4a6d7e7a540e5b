export interface ReceivedMail {
  id: string;
  receivedAt: Date;
  /** The Message-ID with its angle brackets, '' when it has none. */
  messageId: string;
  /** As written in the header: 'Examdesk <bookings@examdesk.example>'. */
  from: string;
  /** Whom the envelope named: bare addresses. */
  to: string[];
  subject: string;
  text: string;
  html: string | null;
  attachments: { fileName: string; contentType: string; content: Buffer }[];
}
