export interface ReceivedMail {
  id: string;
  receivedAt: Date;
  /** The Message-ID with its angle brackets; '' without one. */
  messageId: string;
  /** As in the header: 'Examdesk <bookings@examdesk.example>'. */
  from: string;
  /** The envelope's recipients: bare addresses. */
  to: string[];
  subject: string;
  text: string;
  html: string | null;
  attachments: { fileName: string; contentType: string; content: Buffer }[];
}
