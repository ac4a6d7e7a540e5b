// Which kinds of message a person switched off. Without a row the message is sent.
import { auditActor, isStaff, type Actor, type Viewer } from '../accounts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Database, Queryable, Transaction } from '../db/knex.ts';
import { mailKind, mailKindNames, mailKinds, type MailKindName } from '../mail-kinds/index.ts';

/** Kinds that each of these roles may get and switch off. Not stoppable: a failed attempt needs a decision, and account mails keep the account safe. */
function stoppableKinds(viewer: Viewer): MailKindName[] {
  return mailKindNames.filter(
    (kind) => isStoppable(kind) && (mailKinds[kind].about === 'staff') === isStaff(viewer),
  );
}

export function isStoppable(kind: string): boolean {
  return mailKind(kind)?.choices.includes('off') ?? false;
}

export interface MailPreference {
  kind: MailKindName;
  isOn: boolean;
}

export interface MailPreferences {
  /** Every kind that this person gets and can switch off. */
  list(viewer: Viewer): Promise<MailPreference[]>;
  /** Switches these kinds on, and every other one of {@link list} off. */
  save(actor: Actor, on: readonly string[]): Promise<void>;
}

export function createMailPreferences({ db, audit }: { db: Database; audit: AuditLog }): MailPreferences {
  return {
    list: (viewer) => preferencesOf(db, viewer),

    async save(actor, on) {
      await db.transaction(async (trx) => {
        const changed = (await preferencesOf(trx, actor.viewer)).filter(
          ({ kind, isOn }) => isOn !== on.includes(kind),
        );
        if (changed.length === 0) return;
        await write(trx, actor.viewer, changed);
        const { userId } = actor.viewer;
        await audit.record(trx, auditActor(actor), {
          action: 'record.changed',
          resourceType: 'user',
          resourceId: userId,
          metadata: {
            change: 'mail_preferences',
            on: changed.filter(({ isOn }) => !isOn).map(({ kind }) => kind),
            off: changed.filter(({ isOn }) => isOn).map(({ kind }) => kind),
          },
        });
      });
    },
  };
}

async function preferencesOf(db: Queryable, viewer: Viewer): Promise<MailPreference[]> {
  const off = await db('mail_preferences').where({ user_id: viewer.userId, delivery: 'off' }).pluck('kind');
  return stoppableKinds(viewer).map((kind) => ({ kind, isOn: !off.includes(kind) }));
}

/** @param before the changed kinds with their earlier values */
async function write(trx: Transaction, { userId }: Viewer, before: MailPreference[]): Promise<void> {
  await trx('mail_preferences')
    .insert(before.map(({ kind, isOn }) => ({ user_id: userId, kind, delivery: isOn ? 'off' : 'at_once' })))
    .onConflict(['user_id', 'kind'])
    .merge(['delivery']);
}

/** Those of these people who switched this kind off. */
export async function switchedOff(db: Queryable, kind: string, userIds: string[]): Promise<string[]> {
  if (!isStoppable(kind)) return [];
  return db('mail_preferences').where({ kind, delivery: 'off' }).whereIn('user_id', userIds).pluck('user_id');
}
