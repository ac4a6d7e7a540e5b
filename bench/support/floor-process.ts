// The floor: what an expert would write by hand for the same answers, with Express 5, helmet, one prepared statement
// for the session (read from the database each time), and one for the rows. No pages, no audit row, no log, no figures.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Request, type Response } from 'express';
import helmet from 'helmet';
import pg from 'pg';

export interface FloorPlan {
  databaseUrl: string;
  secret: string;
  /** What the cache holds for free times. */
  slots: unknown;
}

const { databaseUrl, secret, slots } = JSON.parse(process.argv[2] ?? '{}') as FloorPlan;
process.on('disconnect', () => process.exit());

const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
const cache = new Map([['availability', JSON.stringify(slots)]]);

interface Session {
  user_id: string;
  organization_id: string | null;
}

const sessionStatement = {
  name: 'session',
  text: `select u.id as user_id, u.name, u.email, u.role, u.banned, u.two_factor_enabled, s.expires_at, s.last_seen_at,
           o.id as organization_id, o.name as organization_name, a.id as admin_id, a.name as admin_name,
           a.role as admin_role, a.banned as admin_banned, own.expires_at as own_expires_at
         from sessions s join users u on u.id = s.user_id
           left join members m on m.user_id = u.id left join organizations o on o.id = m.organization_id
           left join users a on a.id = s.impersonated_by left join sessions own on own.id = s.impersonator_session_id
         where s.token = $1 and s.expires_at > clock_timestamp() and not u.banned`,
};

const booking = `b.id, b.reference, b.acuity_appointment_id, b.specialist_id, s.name as specialist_name,
  s.specialty as specialist_specialty, b.organization_id, o.name as organization_name, b.created_by_id,
  cb.name as created_by_name, b.created_for_id, cf.name as created_for_name, b.details_needed, b.examinee_first_name,
  b.examinee_last_name, b.examinee_phone, b.examinee_email, b.examinee_date_of_birth, b.interpreter_language,
  b.claim_number, b.notes, b.starts_at, b.duration_minutes, b.timezone, b.type, b.location, b.meeting_link, b.status,
  b.current_progress, b.source, b.version, b.created_at, b.updated_at`;
const from = `from bookings b join specialists s on s.id = b.specialist_id
  left join organizations o on o.id = b.organization_id left join users cb on cb.id = b.created_by_id
  left join users cf on cf.id = b.created_for_id`;

const listStatement = {
  name: 'list',
  text: `select ${booking} ${from} where b.organization_id = $1 order by b.starts_at desc, b.id desc limit 26`,
};

const detailStatement = {
  name: 'detail',
  text: `select ${booking},
    (select json_agg(p order by p.created_at, p.id) from booking_progress p where p.booking_id = b.id) as progress,
    (select json_agg(k order by k.created_at, k.id) from booking_answers k where k.booking_id = b.id) as answers,
    (select json_agg(d order by d.created_at, d.id) from documents d
      where d.booking_id = b.id and d.deleted_at is null) as documents,
    (select json_agg(json_build_object('id', u.id, 'name', u.name, 'email', u.email, 'role', c.role))
      from booking_contacts c join users u on u.id = c.user_id where c.booking_id = b.id) as contacts
    ${from} where b.organization_id = $1 and b.id = $2`,
};

const app = express();
app.use(helmet());
app.use(async (req, res, next) => {
  const token = tokenOf(req.headers.cookie ?? '');
  const { rows } = token ? await pool.query<Session>({ ...sessionStatement, values: [token] }) : { rows: [] };
  if (rows[0]) {
    res.locals.session = rows[0];
    next();
  } else res.status(401).end();
});
app.get('/specialists/:id/availability', (_req, res) => {
  res.json(JSON.parse(cache.get('availability') ?? ''));
});
app.get('/bookings', async (_req, res) => {
  const { rows } = await pool.query({ ...listStatement, values: [organizationOf(res)] });
  res.json({ bookings: rows });
});
app.get('/bookings/:id', async (req: Request<{ id: string }>, res) => {
  const { rows } = await pool.query<object>({
    ...detailStatement,
    values: [organizationOf(res), req.params.id],
  });
  if (rows[0]) res.json(rows[0]);
  else res.status(404).end();
});

function organizationOf(res: Response): string | null {
  return (res.locals.session as Session).organization_id;
}

function tokenOf(cookies: string): string | null {
  const value = /(?:^|; )examdesk\.session_token=([^;]*)/.exec(cookies)?.[1];
  const [token = '', signature = ''] = decodeURIComponent(value ?? '').split('.', 2);
  const given = Buffer.from(signature, 'base64');
  const right = createHmac('sha256', secret).update(token).digest();
  return given.length === right.length && timingSafeEqual(given, right) ? token : null;
}

const server = createServer(app);
server.listen(0, '127.0.0.1', () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
