// A real mail server for tests, and a function that waits for a mail.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Mailbox, type ReceivedMail, startMailbox } from '../../src/dev/mailbox.ts';

/** On free ports, in memory; close it after use. */
export function openMailbox(): Promise<Mailbox> {
  return startMailbox({ smtpPort: 0, httpPort: 0 });
}

/** The first mail that matches. @throws Error with the subjects that arrived instead */
export async function waitForMail(
  mailbox: Mailbox,
  matches: (mail: ReceivedMail) => boolean = () => true,
  withinMs = 25_000,
): Promise<ReceivedMail> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = mailbox.mails().find(matches);
    if (found) return found;
    if (Date.now() > deadline) {
      const subjects = mailbox.mails().map(({ to, subject }) => `${to.join(', ')}: ${subject}`);
      throw new Error(`No such mail within ${withinMs} ms; received: ${subjects.join('; ') || 'none'}`);
    }
    await sleep(25);
  }
}
