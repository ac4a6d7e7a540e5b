// The real app with a real mailbox and worker, so that tests can follow the links in mails.
import { startTestApp, type TestApp, type TestAppOptions } from './app.ts';
import { createVisitor, type Visitor } from './visitor.ts';
import { openMailbox, waitForMail } from './mailbox.ts';
import type { Actor } from '../../src/accounts/index.ts';
import type { Mailbox, ReceivedMail } from '../../src/dev/mailbox.ts';

export const goodPassword = 'teapot granite violin meadow';

export interface AccountFixture {
  app: TestApp;
  mailbox: Mailbox;
  visitor(): Visitor;
  /** Signs in by the form when a password is given, else with a minted session (TestApp.signIn). */
  signedIn(email: string, password?: string): Promise<Visitor>;
  userId(email: string): Promise<string>;
  organizationId(name: string): Promise<string>;
  /** One of the demo's people, as the rooms see them. */
  actor(email: string): Promise<Actor>;
  /** The mail, and the path of its link. */
  mailTo(email: string, subject: RegExp): Promise<{ mail: ReceivedMail; path: string }>;
  close(): Promise<void>;
}

export async function openAccountFixture(options: TestAppOptions = {}): Promise<AccountFixture> {
  const mailbox = await openMailbox();
  const app = await startTestApp({
    ...options,
    env: { SMTP_URL: mailbox.smtpUrl, ...options.env },
  });
  await app.system.worker.start();
  const visitor = () => createVisitor(app.url);
  const idOf = async (table: string, where: Record<string, string>) => {
    const row = (await app.db(table).where(where).first('id')) as { id: string } | undefined;
    if (!row) throw new Error(`No ${JSON.stringify(where)} in ${table}`);
    return row.id;
  };
  const fixture: AccountFixture = {
    app,
    mailbox,
    visitor,
    async signedIn(email, password) {
      if (password === undefined) return app.signedInVisitor(email);
      const person = visitor();
      await person.post('/sign-in', { email, password });
      return person;
    },
    userId: (email) => idOf('users', { email }),
    organizationId: (name) => idOf('organizations', { name }),
    async actor(email) {
      const user = (await app.db('users').where({ email }).first()) as {
        id: string;
        name: string;
        role: Actor['viewer']['role'];
      };
      const viewer = { sessionId: user.id, userId: user.id, name: user.name, email, role: user.role };
      return {
        viewer: { ...viewer, organization: null, actingAdmin: null },
        request: { requestId: 'test-request', ip: '127.0.0.1', userAgent: 'test' },
      };
    },
    async mailTo(email, subject) {
      const mail = await waitForMail(mailbox, (one) => one.to.includes(email) && subject.test(one.subject));
      const found = /(?:Accept|Choose|Confirm)[^:\n]*: (http\S+)/.exec(mail.text)?.[1];
      return { mail, path: found ? new URL(found).pathname : '' };
    },
    async close() {
      await app.system.worker.stop();
      await app.close();
      await mailbox.close();
    },
  };
  return fixture;
}
