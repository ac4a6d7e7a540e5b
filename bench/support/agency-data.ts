// The data of an agency after years of work: people, bookings with their progress, documents, e-mails and events, and the
// audit log. Believable in what matters to queries: many recent and few rare values, names that thousands share, short
// surnames, organisations of very different sizes.
import type { Knex } from 'knex';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../src/db/knex.ts';
import { fillReferrers } from './referrers.ts';
import { withoutIndexes } from './without-indexes.ts';

export interface AgencySize {
  bookings: number;
  people: number;
  organizations: number;
  auditRows: number;
  documents: number;
  specialists: number;
  /** Of examinations, around now. */
  days: { past: number; future: number };
  /** One booking in so many … */
  oneIn: {
    /** … needs its details completed; of ten of these, one has no referrer. */
    toComplete: number;
    /** … has a failed e-mail, a dead event and an infected document. */
    failed: number;
    /** … is of an examinee with a surname of two letters. */
    shortName: number;
    /** … was refused to somebody. */
    denied: number;
    imported: number;
    /** … is over, and archived. */
    archived: number;
    /** … is over without the examinee. */
    noShow: number;
    /** … is over, and its report generated. */
    reported: number;
  };
}

/**
 * An agency of its first weeks. A page about it is as long as one about the large agency: as many bookings a day as a list
 * shows, and as many of the rare ones. A shorter page would be compared with a longer one.
 */
export const small: AgencySize = {
  bookings: 1_000,
  people: 200,
  organizations: 60,
  auditRows: 3_000,
  documents: 500,
  specialists: 60,
  days: { past: 45, future: 5 },
  oneIn: {
    toComplete: 7,
    failed: 100,
    // Other bookings than those to complete, as in the large agency.
    shortName: 9,
    denied: 20,
    imported: 250,
    archived: 10,
    noShow: 10,
    reported: 10,
  },
};

export const large: AgencySize = {
  bookings: 1_000_000,
  people: 200_000,
  organizations: 2_000,
  auditRows: 3_000_000,
  documents: 500_000,
  specialists: 60,
  days: { past: 1_800, future: 60 },
  oneIn: {
    toComplete: 5_003,
    failed: 100_003,
    shortName: 331,
    denied: 997,
    imported: 250_007,
    archived: 2_000,
    noShow: 100,
    reported: 100,
  },
};

/** The digit of a number that is different for every booking: 123456791 and 30 ^ 6 have no common divisor. */
function referenceSign(digit: number): string {
  return `substr('23456789ABCDEFGHJKMNPQRSTVWXYZ', (1 + d.n * 123456791::bigint % 729000000 / ${30 ** digit} % 30)::int, 1)`;
}

/** Of a random number below one: up to which of them a booking that is over ended in which way; below 0.05 it was cancelled. */
function fatesOf({ archived: oneArchived, noShow, reported: oneReported }: AgencySize['oneIn']) {
  const archived = 0.05 + 1 / oneArchived;
  const missed = archived + 1 / noShow;
  const generating = missed + 0.01;
  return { archived, missed, generating, reported: generating + 1 / oneReported };
}

/** Without triggers, foreign keys and most indexes while rows are inserted. */
export async function fillAgency(db: Database, size: AgencySize): Promise<void> {
  await fillReferrers(db, size.people, size.organizations);
  const filled = [
    'specialists',
    'bookings',
    'booking_progress',
    'documents',
    'emails',
    'webhook_events',
    'audit_log',
  ];
  await db.transaction(async (trx) => {
    await trx.raw(
      `set local session_replication_role = replica; set local maintenance_work_mem = '512MB'; set local work_mem = '256MB'`,
    );
    await withoutIndexes(trx, filled, () => insertRows(trx, size));
    // Without statistics of the rows above, the next statement takes minutes instead of seconds.
    await trx.raw(`analyze ${filled.join(', ')}`);
    // What its triggers would have stored, of the examinations that are counted.
    await trx.raw(
      `select store_paperwork(array(select id from bookings where starts_at > now() - interval '31 days'))`,
    );
  });
  await vacuumed(db, [...filled, 'booking_paperwork', 'members', 'organizations', 'user_activity', 'users']);
}

/**
 * As autovacuum leaves tables after a while. While a worker of it analyses a table, vacuum finds rows that not everybody sees
 * yet, and index-only scans would read the table.
 */
async function vacuumed(db: Database, tables: string[]): Promise<void> {
  for (const table of tables) {
    for (let time = 0; time < 20; time += 1) {
      await db.raw(`vacuum analyze ${table}`);
      const { rows } = await db.raw<{ rows: { done: boolean }[] }>(
        'select relallvisible = relpages as done from pg_class where oid = ?::regclass',
        [table],
      );
      if (rows[0]?.done) break;
      await sleep(500);
    }
  }
}

async function insertRows(trx: Knex.Transaction, size: AgencySize): Promise<void> {
  const { days, oneIn } = size;
  const fates = fatesOf(oneIn);
  await trx.raw('select setseed(0.25)');
  await trx.raw(`
    create temp table people on commit drop as
      select row_number() over (order by u.email) - 1 as n, u.id, m.organization_id,
        split_part(u.name, ' ', 1) as first, coalesce(nullif(split_part(u.name, ' ', 2), ''), u.name) as last
      from users u join members m on m.user_id = u.id where u.role = 'referrer';
    create index on people (n);
    analyze people`);
  await trx.raw(
    `insert into specialists (id, name, title, specialty, location, timezone, acuity_calendar_id, position)
     select gen_random_uuid(), p.first || ' ' || p.last, 'Dr', (array['Orthopaedics', 'Psychiatry', 'Neurology'])[1 + n % 3],
       n || ' George Street, Sydney', 'Australia/Sydney', 90000 + n, 100 + n
     from (
       -- Not the first ones: by e-mail address, most of those have the same first name in the large agency.
       select row_number() over (order by n) - 1 as n, first, last from people
       where n % (select greatest(count(*) / ?::int, 1) from people) = 0) p
     where n < ?::int`,
    [size.specialists - 6, size.specialists - 6],
  );
  await trx.raw(`
    create temp table examiners on commit drop as
      select row_number() over (order by position, id) - 1 as n, id from specialists;
    create index on examiners (n)`);
  // Squares of random numbers: few people book much, few specialists examine much.
  await trx.raw(
    `create temp table drawn on commit drop as
       select n, gen_random_uuid() as id, floor((select count(*) from people) * random() ^ 2)::bigint as owner,
         floor((select count(*) from people) * random())::bigint as examinee,
         floor((select count(*) from examiners) * random() ^ 2)::bigint as examiner, random() as fate,
         now() - interval '${days.past} days' + n * (interval '${days.past + days.future} days' / ?::int) as starts_at
       from generate_series(1, ?::int) n`,
    [size.bookings, size.bookings],
  );
  await trx.raw(
    `insert into bookings (id, reference, acuity_appointment_id, specialist_id, organization_id, created_by_id,
       examinee_first_name, examinee_last_name, examinee_phone, claim_number, starts_at, duration_minutes, timezone, type,
       location, status, current_progress, source, details_needed, notes, created_at, updated_at, interpreter_language)
     select d.id,
       'EX-' || ${[0, 1, 2, 3, 4, 5].map(referenceSign).join(' || ')},
       1000000 + d.n, x.id, case when direct then null else o.organization_id end, case when direct then null else o.id end,
       e.first, case when d.n % ${oneIn.shortName} = 0 then (array['Ng', 'Xu', 'Le', 'Vo', 'Li'])[1 + d.n / ${oneIn.shortName} % 5] else e.last end,
       '+61412345678', case when d.n % 4 <> 0 then 'WC-' || (2020 + d.n % 7) || '/' || lpad((d.n::bigint * 7919 % 1000000)::text, 6, '0') end,
       d.starts_at, 60, 'Australia/Sydney', case when d.n % 5 = 0 then 'telehealth' else 'in_person' end, '1 George Street, Sydney',
       case when d.starts_at > now() - interval '30 days' then case when fate < 0.05 then 'cancelled' else 'active' end
         when fate < 0.05 then 'cancelled' when fate < ${fates.archived} then 'archived' when fate < ${fates.reported} then 'active' else 'closed' end,
       case when fate < 0.05 then 'cancelled' when d.starts_at > now() - interval '30 days' then 'scheduled'
         when fate < ${fates.archived} then 'payment_received' when fate < ${fates.missed} then 'no_show'
         when fate < ${fates.generating} then 'generating_report' when fate < ${fates.reported} then 'report_generated'
         else 'payment_received' end,
       case when d.n % 10 = 0 then 'acuity_direct' else 'portal' end, d.n % ${oneIn.toComplete} = 0, '', d.starts_at - interval '30 days',
       d.starts_at, case when d.n % 50 = 0 then 'Arabic' end
     from drawn d cross join lateral (select d.n % ${oneIn.toComplete * 10} = 0 as direct) how
       join people o on o.n = d.owner join people e on e.n = d.examinee join examiners x on x.n = d.examiner`,
  );
  await trx.raw(
    `insert into booking_progress (id, booking_id, progress, source, created_at)
     select gen_random_uuid(), id, 'scheduled', 'portal', created_at from bookings
     union all
     select gen_random_uuid(), id, current_progress, 'portal', starts_at + interval '1 hour' from bookings
       where current_progress <> 'scheduled'`,
  );
  await trx.raw(
    `insert into documents (id, booking_id, category, file_name, mime_type, size_bytes, sha256, chunk_bytes, chunk_sha256,
       s3_key, status, scanned_at, uploaded_by_id, created_at, released_at, releases)
     select gen_random_uuid(), d.id, category, 'Letter ' || d.n || ' of ' || e.last || '.pdf', 'application/pdf', 1000,
       repeat('a', 64), 1048576, decode(repeat('ab', 32), 'hex'), 'documents/' || d.id, case when d.n % ${oneIn.failed} = 0 then 'infected' else 'clean' end,
       d.starts_at, o.id, d.starts_at + interval '1 day', case when category = 'report' then d.starts_at end, (category = 'report')::int
     from drawn d join people e on e.n = d.examinee join people o on o.n = d.owner
       cross join lateral (select (array['brief', 'report', 'consent_form', 'other'])[1 + d.n / 2 % 4] as category) of_kind
     where d.n % (?::int / ?::int) = 0`,
    [size.bookings, size.documents],
  );
  await trx.raw(
    `insert into emails (id, kind, dedupe_key, recipient, booking_id, status, attempts, sent_at, created_at, updated_at)
     select gen_random_uuid(), 'booking_confirmation', 'bench:' || d.n, u.email, d.id,
       case when d.n % ${oneIn.failed} = 0 then 'failed' else 'sent' end, 1, case when d.n % ${oneIn.failed} <> 0 then created end, created, created
     from drawn d join people o on o.n = d.owner join users u on u.id = o.id
       cross join lateral (select d.starts_at - interval '30 days' as created) of_it where d.n % 2 = 0`,
  );
  await trx.raw(
    `insert into webhook_events (id, channel, state, received_at, action, appointment_id, body_digest, outcome, booking_id, processed_at)
     select gen_random_uuid(), 'relay', case when d.n % ${oneIn.failed} = 0 then 'dead' else 'processed' end, d.starts_at - interval '30 days',
       'scheduled', 1000000 + d.n, decode('ab', 'hex'), case when d.n % ${oneIn.failed} <> 0 then 'skipped' end, d.id, d.starts_at - interval '30 days'
     from drawn d where d.n % 2 = 0`,
  );
  await trx.raw(
    `insert into audit_log (at, actor_id, action, resource_type, resource_id, outcome, ip, user_agent, request_id)
     select d.starts_at - interval '30 days' + at * interval '1 day', o.id,
       case when d.n % ${oneIn.imported} = 0 and at = 1 then 'records.imported'
         when d.n % ${oneIn.denied} = 0 and at = 1 then 'access.denied' else (array['booking.created', 'booking.viewed', 'document.downloaded'])[1 + at] end,
       'booking', d.id::text, case when d.n % ${oneIn.denied} = 0 and at = 1 then 'denied' else 'success' end, '203.0.113.7',
       'Mozilla/5.0', 'req-' || d.n || '-' || at
     from drawn d join people o on o.n = d.owner, generate_series(0, ?::int - 1) at order by 1`,
    [Math.round(size.auditRows / size.bookings)],
  );
}
