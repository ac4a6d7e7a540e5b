import type { AuditLog } from '../audit/index.ts';
import type { Database, Transaction } from '../db/knex.ts';
import type { KeptVersion } from '../db/kept-version.ts';
import type { Statements } from '../db/statements.ts';
import type { KeyedDigests } from '../lib/keyed-digests.ts';
import type { SecretRing } from '../lib/secret-ring.ts';
import type { AccountMailKind } from '../mail-kinds/index.ts';
import type { Ids } from '../ports/ids.ts';
import type { Limits } from './account.limits.ts';
import type { Auth } from './auth.ts';
import type { KeptForms } from './kept-forms.ts';
import type { LinkTokens } from './account.links.ts';
import type { KnownBrowsers } from './known-browsers.ts';

export interface SignedIn {
  user: { id: string; name: string; email: string; role: string };
  /** Set-Cookie lines, to be sent unchanged. */
  cookies: string[];
}

export interface AccountMail {
  kind: AccountMailKind;
  recipient: string;
  /** The row of account_links whose link the e-mail contains. */
  linkId: string | null;
}

/** Queues an e-mail in the transaction. */
export type AnnounceAccount = (trx: Transaction, mail: AccountMail) => Promise<void>;

export interface AccountDeps {
  auth: Auth;
  /** Where the app is: whether cookies need https. */
  baseUrl: string;
  secrets: SecretRing;
  db: Database;
  statements: Statements;
  keptVersion: KeptVersion;
  audit: AuditLog;
  digests: KeyedDigests;
  ids: Ids;
  limits: Limits;
  browsers: KnownBrowsers;
  keptForms: KeptForms;
  tokens: LinkTokens;
  announce: AnnounceAccount;
  /** Whether demo accounts may sign in: never in production. */
  allowsDemoAccounts: boolean;
}
