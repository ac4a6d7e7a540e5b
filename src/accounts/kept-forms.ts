// Keeps what somebody sent in a form after their session had ended, for an hour, and gives it back to the same person
// in the same browser. A signed cookie names who used the browser last; it grants no access, and ends with signing out.
import { randomUUID } from 'node:crypto';
import type { Database } from '../db/knex.ts';
import { readCookie } from '../lib/cookies.ts';
import { createSigner, type SecretRing } from '../lib/secret-ring.ts';
import { cookiePrefix, isHttps } from './auth.internals.ts';
import type { Viewer } from './viewer.ts';

export interface KeptForm {
  /** Path and query of the address that the form was sent to. */
  action: string;
  /** The values as sent, by the name of the field; a list if a name was sent several times. Without passwords and codes. */
  fields: Record<string, unknown>;
}

type Cookies = string | undefined;

/** `cookies`: the header Cookie. */
export interface KeptForms {
  /** The Set-Cookie line; null when nothing was kept, because nobody has used the browser since the last sign-out. */
  keep(cookies: Cookies, form: KeptForm): Promise<string | null>;
  /**
   * What the viewer can have back. `cookie` makes the Set-Cookie line that names the viewer; null when the cookie does so
   * already.
   */
  find(cookies: Cookies, viewer: Viewer): Promise<{ forms: KeptForm[]; cookie(): string | null }>;
  /** Whether something is kept for whoever used the browser last. */
  hasKept(cookies: Cookies): boolean;
  /** Deletes what is kept: the form was sent again, or is not wanted. */
  remove(cookies: Cookies, action: string): Promise<void>;
  /** Deletes what is kept when the person signs out. @returns the Set-Cookie line that clears the cookie */
  forget(cookies: Cookies): Promise<string>;
}

/** The person at the keyboard, and whom they acted as. */
interface Known {
  browserId: string;
  userId: string;
  adminId: string | null;
  /** Without this cookie the database is not queried. */
  hasKept: boolean;
}

const keptHours = 1;
const mostForms = 10;
const uuid = '[\\da-f]{8}(?:-[\\da-f]{4}){3}-[\\da-f]{12}';
const shape = new RegExp(`^(${uuid})~(${uuid})~(${uuid})?~(kept)?~([\\w-]{43})$`);

export function createKeptForms(db: Database, secrets: SecretRing, baseUrl: string): KeptForms {
  const signer = createSigner(secrets, 'examdesk kept forms');
  const name = `${cookiePrefix(baseUrl)}.typist`;
  const secure = isHttps(baseUrl) ? '; Secure' : '';

  function read(cookies: Cookies): Known | null {
    const value = readCookie(cookies, name) ?? '';
    const [, browserId, userId, adminId = null, kept, signature = ''] = shape.exec(value) ?? [];
    if (!browserId || !userId) return null;
    if (!signer.isSigned(value.slice(0, -signature.length), Buffer.from(signature, 'base64url'))) return null;
    return { browserId, userId, adminId, hasKept: kept !== undefined };
  }

  function cookie({ browserId, userId, adminId, hasKept }: Known): string {
    const named = [browserId, userId, adminId ?? '', hasKept ? 'kept' : '', ''].join('~');
    return line(named + signer.sign(named).toString('base64url'));
  }

  function line(value: string, more = ''): string {
    return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}${more}`;
  }

  return {
    async keep(cookies, { action, fields }) {
      const known = read(cookies);
      if (!known || action.length > 2_000) return null;
      const { browserId, userId, adminId } = known;
      const isKept = await db.transaction(async (trx) => {
        const person = await trx('users').where({ id: userId }).forShare().first('id');
        if (!person) return false;
        await trx('kept_forms')
          .insert({
            browser_id: browserId,
            action,
            user_id: userId,
            admin_id: adminId,
            fields: JSON.stringify(withoutSecrets(fields)),
            expires_at: trx.raw(`clock_timestamp() + ? * interval '1 hour'`, [keptHours]),
          })
          .onConflict(['browser_id', 'action'])
          .merge();
        const newest = trx('kept_forms')
          .where({ browser_id: browserId })
          .orderBy('expires_at', 'desc')
          .limit(mostForms);
        await trx('kept_forms')
          .where({ browser_id: browserId })
          .whereNotIn('action', newest.select('action'))
          .delete();
        return true;
      });
      return isKept ? cookie({ ...known, hasKept: true }) : null;
    },

    async find(cookies, viewer) {
      const known = read(cookies);
      const now = { userId: viewer.userId, adminId: viewer.actingAdmin?.id ?? null };
      // Another person never reaches what was kept: the browser's id is lost.
      const isSamePerson = known !== null && keyboardOf(known) === keyboardOf(now);
      if (!isSamePerson)
        return { forms: [], cookie: () => cookie({ browserId: randomUUID(), hasKept: false, ...now }) };
      const rows = known.hasKept ? await livingForms(db, known.browserId) : [];
      const forms = rows.filter(
        ({ user_id, admin_id }) => user_id === now.userId && admin_id === now.adminId,
      );
      const next = { ...now, browserId: known.browserId, hasKept: rows.length > 0 };
      const isNamed =
        known.userId === now.userId && known.adminId === now.adminId && known.hasKept === next.hasKept;
      return { forms, cookie: () => (isNamed ? null : cookie(next)) };
    },

    hasKept: (cookies) => read(cookies)?.hasKept ?? false,

    async remove(cookies, action) {
      const known = read(cookies);
      if (known?.hasKept) await db('kept_forms').where({ browser_id: known.browserId, action }).delete();
    },

    async forget(cookies) {
      const known = read(cookies);
      if (known?.hasKept) await db('kept_forms').where({ browser_id: known.browserId }).delete();
      return line('', '; Max-Age=0');
    },
  };
}

function livingForms(
  db: Database,
  browserId: string,
): Promise<(KeptForm & { user_id: string; admin_id: string | null })[]> {
  return db('kept_forms')
    .where({ browser_id: browserId })
    .whereRaw('expires_at > clock_timestamp()')
    .select('action', 'fields', 'user_id', 'admin_id') as never;
}

function keyboardOf({ userId, adminId }: Pick<Known, 'userId' | 'adminId'>): string {
  return adminId ?? userId;
}

/** Whether a field of this name holds a password or a code. */
export function isSecretField(name: string): boolean {
  return /password|^current$|^code$/i.test(name);
}

function withoutSecrets(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !isSecretField(name)));
}

/** @returns how many had expired */
export function removeExpiredForms(db: Database): Promise<number> {
  return db('kept_forms').whereRaw('expires_at <= clock_timestamp()').delete();
}
