// A message as it would be sent now.
import type { Database } from '../../src/db/knex.ts';
import { composeMail as compose } from '../../src/email/email.message.ts';
import { readerOf as reader } from '../../src/email/email.recipient.ts';
import type { EmailRow } from '../../src/email/email.ts';
import { testLinks } from './links.ts';

export const composeMail = (db: Database, email: unknown) => compose(db, email as EmailRow, testLinks);
export const readerOf = (db: Database, email: unknown) => reader(db, email as EmailRow);
