// A referrer on the phone is found by what one hears: parts of names, in any order, with typos, without accents.
import type { Queryable } from '../db/knex.ts';
import type { FoundReferrer } from './impersonation.ts';

interface Row {
  id: string;
  name: string;
  email: string;
  organization_id: string | null;
  organization_name: string | null;
  last_active_at: Date | null;
}

const shown = 20;
/** As many are ranked; the index finds them, and more would take longer than anyone reads. */
const ranked = 400;

/** Best first, 20 at most. */
export async function searchReferrers(db: Queryable, query: string): Promise<FoundReferrer[]> {
  const words = query.normalize('NFC').toLowerCase().split(/\s+/).filter(Boolean).slice(0, 8);
  if (words.length === 0) return [];
  const said = words.join(' ');
  const exact = await byParts(db, said, words);
  if (exact.length >= shown) return exact.map(toFound);
  // Nobody, or few: perhaps it is spelled otherwise.
  const near = await byLikeness(db, said);
  const known = new Set(exact.map(({ id }) => id));
  return [...exact, ...near.filter(({ id }) => !known.has(id))].slice(0, shown).map(toFound);
}

const columns = `u.id, u.name, u.email, o.id as organization_id, o.name as organization_name,
  (select max(s.last_seen_at) from sessions s where s.user_id = u.id and s.impersonated_by is null) as last_active_at`;
const joins = `join users u on u.id = r.user_id and u.role = 'referrer' and not u.banned
  left join members m on m.user_id = u.id left join organizations o on o.id = m.organization_id`;

/** Every word stands somewhere in it. */
async function byParts(db: Queryable, said: string, words: string[]): Promise<Row[]> {
  const likes = words.map((word) => `%${word.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`);
  const { rows } = await db.raw<{ rows: Row[] }>(
    `with found as (
       select user_id, words from referrer_search
       where ${likes.map(() => 'words like unaccent(?)').join(' and ')} limit ${ranked}
     ), best as (
       select * from found order by word_similarity(unaccent(?), words) desc, length(words), user_id limit ${shown}
     )
     select ${columns} from best r ${joins}
     order by word_similarity(unaccent(?), r.words) desc, length(r.words), u.name, u.id`,
    [...likes, said, said],
  );
  return rows;
}

/** Much of it sounds alike. */
async function byLikeness(db: Queryable, said: string): Promise<Row[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `with found as (
       select user_id, words from referrer_search where unaccent(?) <% words limit ${ranked}
     ), best as (
       select * from found order by word_similarity(unaccent(?), words) desc, length(words), user_id limit ${shown}
     )
     select ${columns} from best r ${joins}
     order by word_similarity(unaccent(?), r.words) desc, length(r.words), u.name, u.id`,
    [said, said, said],
  );
  return rows;
}

/** One who may be acted as: active, and of an organisation. */
export async function findReferrer(db: Queryable, userId: string): Promise<FoundReferrer | null> {
  if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(userId)) return null;
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select ${columns} from (select ?::uuid as user_id) r ${joins} where o.id is not null`,
    [userId],
  );
  return rows[0] ? toFound(rows[0]) : null;
}

function toFound(row: Row): FoundReferrer {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    organization:
      row.organization_id && row.organization_name
        ? { id: row.organization_id, name: row.organization_name }
        : null,
    lastActiveAt: row.last_active_at,
  };
}
