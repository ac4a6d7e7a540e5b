export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
  /** RFC 5322 Message-ID, stable for one outbox row: a mail sent twice after a crash is recognisable. */
  messageId: string;
  calendar?: { method: 'PUBLISH' | 'REQUEST' | 'CANCEL'; fileName: string; content: string };
}

export interface Mailer {
  /** Resolves when the mail server has taken the message; throws when it has not. */
  send(mail: Mail): Promise<void>;
}

/** The server behind a mailer, for checks of the set-up. */
export interface MailServer {
  /** Connects and signs in, and sends nothing; throws when that fails. */
  verify(): Promise<void>;
}
