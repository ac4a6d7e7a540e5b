// How each person wants each kind of e-mail: at once, in the daily digest, or not at all. Read when an e-mail is
// written, and again when it is sent.
import { auditActor, isStaff, type Actor, type Viewer } from '../accounts/index.ts';
import { anonymousActor, type AuditActor, type AuditLog, type RequestFacts } from '../audit/index.ts';
import type { Database, Queryable, Transaction } from '../db/knex.ts';
import { prepare, sendTogether, type Query } from '../db/statements.ts';
import { mergedInto } from '../db/merges.ts';
import { mailKind, mailKindNames, mailKinds, type Delivery, type MailKindName } from '../mail-kinds/index.ts';
import type { StopLinks } from './email.stop.ts';

export interface MailPreference {
  kind: MailKindName;
  delivery: Delivery;
}

export interface MailPreferences {
  /** Every kind that this person gets and has a choice about. */
  list(viewer: Viewer): Promise<MailPreference[]>;
  /** The time zone of the person's digest; null: not chosen. */
  timezone(viewer: Viewer): Promise<string | null>;
  /**
   * Changes these kinds and leaves the others. `timezone`: of the digest.
   * Call it with deliveries that {@link choicesOf} allows.
   */
  save(actor: Actor, chosen: { deliveries: MailPreference[]; timezone?: string }): Promise<void>;
  /** What the address at the foot of an e-mail stops; null when the address is wrong or its person is gone. */
  stoppedBy(token: string): Promise<MailPreference | null>;
  /** Changes what {@link stoppedBy} returns, for whoever has the address. */
  saveByLink(token: string, delivery: Delivery, request: RequestFacts): Promise<MailPreference | null>;
}

interface PreferencesDeps {
  db: Database;
  audit: AuditLog;
  stopLinks: StopLinks;
}

export function createMailPreferences({ db, audit, stopLinks }: PreferencesDeps): MailPreferences {
  return {
    list: async (viewer) => {
      const chosen = await chosenBy(db, viewer.userId);
      return kindsOf(viewer).map((kind) => ({ kind, delivery: chosen.get(kind) ?? mailKinds[kind].usual }));
    },

    async timezone({ userId }) {
      const row = await db('users').where({ id: userId }).first('timezone');
      return row?.timezone ?? null;
    },

    async save(actor, { deliveries, timezone }) {
      const allowed = deliveries.filter(({ kind }) => kindsOf(actor.viewer).includes(kind));
      await db.transaction(async (trx) => {
        const { userId } = actor.viewer;
        await change(trx, audit, auditActor(actor), userId, allowed);
        if (timezone !== undefined) await moveTo(trx, audit, actor, timezone);
      });
    },

    async stoppedBy(token) {
      const found = await readLink(db, stopLinks, token);
      if (!found) return null;
      const chosen = await chosenBy(db, found.userId);
      return { kind: found.kind, delivery: chosen.get(found.kind) ?? mailKinds[found.kind].usual };
    },

    saveByLink: (token, delivery, request) =>
      db.transaction(async (trx) => {
        const found = await readLink(trx, stopLinks, token);
        if (!found) return null;
        const { kind, userId } = found;
        await change(trx, audit, anonymousActor(request), userId, [{ kind, delivery }], 'link');
        return { kind, delivery };
      }),
  };
}

/** The kinds that this person gets and has a choice about. */
function kindsOf(viewer: Viewer): MailKindName[] {
  return mailKindNames.filter(
    (kind) => choicesOf(kind).length > 1 && (mailKinds[kind].about === 'staff') === isStaff(viewer),
  );
}

export function choicesOf(kind: string): readonly Delivery[] {
  return mailKind(kind)?.choices ?? [];
}

/** Not stoppable: a failed attempt needs a decision, and account mails keep the account safe. */
export function isStoppable(kind: string): boolean {
  return choicesOf(kind).includes('off');
}

async function readLink(
  db: Queryable,
  stopLinks: StopLinks,
  token: string,
): Promise<{ userId: string; kind: MailKindName } | null> {
  const link = stopLinks.read(token);
  if (!link || !isStoppable(link.kind)) return null;
  const userId = await mergedInto(db, link.userId);
  const user = await db('users').where({ id: userId }).first('id');
  return user ? { userId, kind: link.kind } : null;
}

/** When two requests save at once, the second waits here, so that one of the two choices is kept as a whole. */
async function lockUser(trx: Transaction, userId: string): Promise<void> {
  await trx('users').where({ id: userId }).forNoKeyUpdate().first('id');
}

async function change(
  trx: Transaction,
  audit: AuditLog,
  by: AuditActor,
  userId: string,
  wanted: readonly MailPreference[],
  through?: 'link',
): Promise<void> {
  await lockUser(trx, userId);
  const before = await chosenBy(trx, userId);
  const changed = wanted.filter(
    ({ kind, delivery }) => delivery !== (before.get(kind) ?? mailKinds[kind].usual),
  );
  if (changed.length === 0) return;
  await trx('mail_preferences')
    .insert(changed.map(({ kind, delivery }) => ({ user_id: userId, kind, delivery })))
    .onConflict(['user_id', 'kind'])
    .merge(['delivery']);
  await audit.record(trx, by, {
    action: 'record.changed',
    resourceType: 'user',
    resourceId: userId,
    metadata: {
      change: 'mail_preferences',
      ...(through && { through }),
      ...Object.fromEntries(changed.map(({ kind, delivery }) => [kind, delivery])),
    },
  });
}

async function moveTo(trx: Transaction, audit: AuditLog, actor: Actor, timezone: string): Promise<void> {
  const { userId } = actor.viewer;
  const moved = await trx('users')
    .where({ id: userId })
    .whereRaw('timezone is distinct from ?', [timezone])
    .update({ timezone });
  if (moved === 0) return;
  await audit.record(trx, auditActor(actor), {
    action: 'record.changed',
    resourceType: 'user',
    resourceId: userId,
    metadata: { change: 'timezone', timezone },
  });
}

async function chosenBy(db: Queryable, userId: string): Promise<Map<string, Delivery>> {
  const rows = await db('mail_preferences').where({ user_id: userId }).select('kind', 'delivery');
  return new Map(
    rows
      .filter(({ kind, delivery }) => choicesOf(kind).includes(delivery))
      .map((row) => [row.kind, row.delivery]),
  );
}

/** The query that reads what these people chose for this kind; `deliveriesFrom` reads its answer. */
export function readChoicesQuery(
  db: Queryable,
  kind: MailKindName,
  userIds: readonly string[],
): Query<ChosenDelivery> {
  return choicesQuery(db, { ids: userIds, kinds: isStoppable(kind) ? [kind, 'daily_digest'] : [] });
}

interface ChosenDelivery {
  user_id: string;
  kind: string;
  delivery: Delivery;
}

const choicesQuery = prepare<ChosenDelivery, { ids: readonly string[]; kinds: readonly string[] }>(
  'what people chose for a kind of e-mail',
  (db, { ids, kinds }) =>
    db('mail_preferences')
      .whereRaw('user_id = any(array(select merged_into(given) from unnest(?::uuid[]) given))', [
        ids as string[],
      ])
      .whereRaw('kind = any(?::text[])', [kinds as string[]])
      .select('user_id', 'kind', 'delivery'),
);

/** How these people get this kind now. */
export async function deliveriesOf(
  db: Queryable,
  kind: MailKindName,
  userIds: readonly string[],
): Promise<Map<string, Delivery>> {
  const [rows] = isStoppable(kind) ? await sendTogether(db, readChoicesQuery(db, kind, userIds)) : [[]];
  return deliveriesFrom(rows, kind, userIds);
}

/** How people get this kind, from the rows of `readChoicesQuery`. Off if it would be in a digest that they stopped. */
export function deliveriesFrom(
  rows: readonly ChosenDelivery[],
  kind: MailKindName,
  userIds: readonly string[],
): Map<string, Delivery> {
  const found = (userId: string, of: string) => {
    const row = rows.find((one) => one.user_id === userId && one.kind === of);
    return row && choicesOf(of).includes(row.delivery) ? row.delivery : null;
  };
  return new Map(
    userIds.map((userId) => {
      const wanted = found(userId, kind) ?? mailKinds[kind].usual;
      const isDropped = wanted === 'daily' && found(userId, 'daily_digest') === 'off';
      return [userId, isDropped ? 'off' : wanted];
    }),
  );
}
