// Reconciles ten thousand appointments with ten thousand matching bookings, by a hundred rows a call, without Acuity's limit
// of ten calls a second.
import { openWebhookStack } from '../test/support/webhook-stack.ts';
import { atMost, type BenchResult } from './result.ts';

const appointments = 10_000;
const days = 120;
/** What we may take longer than Acuity's limit makes us. */
const mostSeconds = 20;
const hourMs = 3_600_000;

export async function run(): Promise<BenchResult> {
  const stack = await openWebhookStack({ target: null });
  try {
    const first = await stack.makeAppointment();
    const { services } = stack.app.system;
    await services.sync.reconcile({ ...services.sync.nearSpan(), fixes: true });
    await fill(stack, first.id);
    const today = new Date().toISOString().slice(0, 10);
    const last = new Date(Date.now() + (days + 10) * 86_400_000).toISOString().slice(0, 10);
    const startedAt = performance.now();
    const report = await services.sync.reconcile({ from: today, to: last, fixes: true });
    const seconds = (performance.now() - startedAt) / 1000;
    if (report?.state !== 'done' || report.found > 0)
      throw new Error(`Reconciliation found ${report?.found}: ${report?.lastError}`);
    return atMost(
      1,
      {
        name: 'reconciliation of 10,000 appointments without Acuity’s limit of calls, over what it may take',
        ratio: seconds / mostSeconds,
        detail: `${seconds.toFixed(1)} s, ${report.appointments} compared`,
      },
      `${mostSeconds} s`,
    );
  } finally {
    await stack.close();
  }
}

/** Writes straight into both stores: ten thousand calls would take longer than what is measured. */
async function fill(stack: Awaited<ReturnType<typeof openWebhookStack>>, firstId: number): Promise<void> {
  const [pattern] = stack.simulator.state.appointments;
  if (!pattern) throw new Error('No appointment');
  // Acuity's times have no milliseconds.
  const start = Math.ceil(Date.now() / hourMs + 48) * hourMs;
  for (let n = 1; n < appointments; n += 1) {
    const datetime = new Date(start + Math.floor((n * days) / appointments) * 86_400_000).toISOString();
    stack.simulator.state.appointments.push({ ...structuredClone(pattern), id: firstId + n, datetime });
  }
  await stack.app.db.raw(
    `insert into bookings (id, reference, acuity_appointment_id, specialist_id, organization_id, created_by_id,
       examinee_first_name, examinee_last_name, examinee_phone, starts_at, duration_minutes, timezone, type, location,
       source, acuity_answers_digest)
     select gen_random_uuid(), 'EX-' || translate(lpad(to_hex(n), 6, '0'), '0123456789abcdef', 'ZYXW456789ABCDEF'), ? + n, specialist_id,
       organization_id, created_by_id, examinee_first_name, examinee_last_name, examinee_phone,
       date_trunc('milliseconds', to_timestamp(?::float8 / 1000) + floor(n * ? / ?::float8) * interval '1 day'),
       duration_minutes, timezone, type, location, source, acuity_answers_digest
     from bookings, generate_series(1, ? - 1) n where acuity_appointment_id = ?`,
    [firstId, start, days, appointments, appointments, firstId],
  );
}
