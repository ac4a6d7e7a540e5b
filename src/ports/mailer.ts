export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
  /**
   * RFC 5322 Message-ID, the same for every attempt of an outbox row, so that a mail sent twice is recognised as one.
   */
  messageId: string;
  /** RFC 8058: a POST there stops mails like this one, without a session. */
  stopUrl?: string;
  /** Files that put entries into a calendar, change or remove them: one for each booking. */
  calendars?: { method: 'PUBLISH' | 'REQUEST' | 'CANCEL'; fileName: string; content: string }[];
}

export interface Mailer {
  /** Resolves when the mail server has accepted the message; throws otherwise. */
  send(mail: Mail): Promise<void>;
}

/** The server behind a mailer, for checks of the configuration. */
export interface MailServer {
  /** Connects and signs in without sending anything; throws when that fails. */
  verify(): Promise<void>;
}
