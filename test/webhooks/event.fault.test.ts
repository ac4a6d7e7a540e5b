import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { refusalLimits } from '../../src/audit/index.ts';
import { compose } from '../../src/compose.ts';
import {
  eventBody,
  openWebhookStack,
  rita,
  send,
  signed,
  type WebhookStack,
} from '../support/webhook-stack.ts';
import { dayFromToday } from '../support/days.ts';
import { until } from '../support/until.ts';
import { bookingBody } from '../support/builders/booking-request.ts';

const whsec = `whsec_${Buffer.from('a secret of thirty-two characters').toString('base64')}`;

describe('event of Acuity', () => {
  let stack: WebhookStack;
  const open = async (options: Parameters<typeof openWebhookStack>[0] = {}): Promise<void> => {
    stack = await openWebhookStack(options);
  };
  afterEach(() => stack.close());

  const webhook = () => `${stack.app.url}/webhooks/acuity`;
  const automation = () => `${stack.app.url}/automation/acuity`;
  const mails = () => stack.app.db('emails').orderBy('created_at').pluck('kind');
  const bookings = () => stack.app.db('bookings').select('*');
  const anHour = 3_600_000;
  const later = (datetime: string, hours: number) =>
    new Date(new Date(datetime).getTime() + hours * anHour).toISOString();

  async function expectAsInAcuity(id: number): Promise<void> {
    const there = await stack.staff<{ datetime: string; canceled: boolean }>('GET', `/appointments/${id}`);
    const here = await stack.booking(id);
    expect(here?.starts_at.getTime()).to.equal(new Date(there.datetime).getTime());
    expect(here?.status === 'cancelled').to.equal(there.canceled);
    expect(await bookings()).to.have.length(1);
  }

  /** A booking by the referrer here; `day` holds the times that were free. */
  async function bookHere() {
    const agent = await stack.app.signIn(rita);
    const { id: specialistId } = (await stack.app
      .db('specialists')
      .where({ acuity_calendar_id: 7001 })
      .first('id')) as { id: string };
    const month = dayFromToday(40).slice(0, 7);
    const dates = await agent
      .get(`/specialists/${specialistId}/availability?type=in_person&month=${month}`)
      .expect(200);
    const day = await agent
      .get(`/specialists/${specialistId}/availability?type=in_person&date=${dates.body.dates[0]}`)
      .expect(200);
    const { body } = await agent
      .post('/bookings')
      .send(bookingBody(specialistId, String(day.body.slots[0].startsAt)))
      .expect(201);
    return { agent, day, body };
  }

  async function countReads(appointmentId: number): Promise<number> {
    const answer = await fetch(`${stack.simulator.url}/_sim/calls`);
    const { calls } = (await answer.json()) as { calls: { method: string; path: string }[] };
    return calls.filter(
      ({ method, path }) => method === 'GET' && path.endsWith(`/appointments/${appointmentId}`),
    ).length;
  }

  it('makes one booking and one mail when it arrives three times concurrently in two processes', async () => {
    await open({ target: null });
    const second = compose(stack.app.system.services.config, { log: stack.app.system.services.log });
    try {
      const { id } = await stack.makeAppointment();
      const event = {
        body: Buffer.from(eventBody('scheduled', id)),
        headers: signed(eventBody('scheduled', id)),
      };
      const request = { requestId: 'x', ip: null, userAgent: null };
      const answers = await Promise.all(
        [stack.app.system, second, stack.app.system, second, stack.app.system, second].map((system) =>
          system.services.webhooks.receive(event, request),
        ),
      );
      expect(answers.map(({ kind }) => kind)).to.deep.equal(Array(6).fill('done'));
      await expectAsInAcuity(id);
      expect(await mails()).to.deep.equal(['booking_confirmation']);
      await stack.staff('PUT', `/appointments/${id}/cancel?admin=true`, {});
      await Promise.all(
        [stack.app.system, second, stack.app.system, second].map((system) =>
          system.services.webhooks.receive(event, request),
        ),
      );
      expect(await mails()).to.deep.equal(['booking_confirmation', 'booking_cancelled']);
    } finally {
      await second.close();
    }
  });

  it('leads to Acuity’s last state when events are doubled and reversed', async () => {
    await open();
    const { id, datetime } = await stack.makeAppointment();
    await stack.settled();
    await stack.control('/webhooks', { reorder: true, duplicate: 2 });
    await stack.staff('PUT', `/appointments/${id}/reschedule?admin=true`, { datetime: later(datetime, 1) });
    await stack.staff('PUT', `/appointments/${id}/reschedule?admin=true`, { datetime: later(datetime, 2) });
    await stack.staff('PUT', `/appointments/${id}/cancel?admin=true`, {});
    await stack.settled();
    await expectAsInAcuity(id);
    const kinds = await mails();
    expect(kinds.filter((kind) => kind === 'booking_cancelled')).to.have.length(1);
  });

  it('costs no read of Acuity when it tells of the booking that we just made', async () => {
    await open({ target: null });
    for (const action of ['scheduled', 'appointment.changed']) {
      const { body } = await bookHere();
      const { id, acuityAppointmentId } = body.booking as { id: string; acuityAppointmentId: number };
      const text = eventBody(action, acuityAppointmentId);
      const answer = await send(webhook(), text, signed(text));
      expect(answer).to.deep.include({ status: 200, body: { outcome: 'skipped', bookingId: id } });
      expect(await countReads(acuityAppointmentId)).to.equal(0);
    }
  });

  it('reads Acuity when staff changed the new booking at once, in whatever order the two events come', async () => {
    await open({ target: null });
    for (const actions of [
      ['changed', 'rescheduled'],
      ['rescheduled', 'changed'],
      ['changed', 'changed'],
    ]) {
      const { body, day } = await bookHere();
      const { acuityAppointmentId } = body.booking as { acuityAppointmentId: number };
      const { slots } = day.body as { slots: { startsAt: string }[] };
      const datetime = slots.at(-1)?.startsAt ?? '';
      await stack.staff('PUT', `/appointments/${acuityAppointmentId}/reschedule?admin=true`, { datetime });
      for (const action of actions) {
        const text = eventBody(action, acuityAppointmentId);
        expect((await send(webhook(), text, signed(text))).status).to.equal(200);
      }
      const booking = await stack.booking(acuityAppointmentId);
      expect(booking?.starts_at, actions.join(', ')).to.deep.equal(new Date(datetime));
    }
  });

  it('completes the portal’s attempt, and makes no second booking, when it comes before Acuity’s reply', async () => {
    await open();
    await stack.control('/webhooks', { early: true });
    const { agent, day, body } = await bookHere();
    await stack.settled();
    const {
      id: bookingId,
      acuityAppointmentId,
      source,
    } = body.booking as { id: string; acuityAppointmentId: number; source: string };
    expect(source).to.equal('portal');
    await expectAsInAcuity(acuityAppointmentId);
    expect(await mails()).to.deep.equal(['booking_confirmation']);
    await agent
      .post(`/bookings/${bookingId}/reschedule`)
      .send({ startsAt: day.body.slots[2].startsAt })
      .expect(200);
    await agent.post(`/bookings/${bookingId}/cancel`).send({}).expect(200);
    await stack.settled();
    await expectAsInAcuity(acuityAppointmentId);
    expect(await mails()).to.deep.equal(['booking_confirmation', 'booking_rescheduled', 'booking_cancelled']);
    const progress = await stack.app
      .db('booking_progress')
      .orderBy('created_at')
      .select('progress', 'source');
    expect(progress).to.deep.equal(
      ['scheduled', 'rescheduled', 'cancelled'].map((one) => ({ progress: one, source: 'portal' })),
    );
  });

  for (const [what, effect, times] of [
    [
      'a read-back that says 404 at first',
      { status: 404, body: '{"status_code":404,"message":"No","error":"not_found"}' },
      2,
    ],
    [
      'a 429',
      { status: 429, body: '{"status_code":429,"message":"Slow down","error":"too_many_requests"}' },
      3,
    ],
    ['an HTML page with 502', { status: 502, body: '<html><body>Bad gateway</body></html>' }, 4],
    ['a reply that is cut off', { drop: 'after' }, 3],
    ['a reply that comes after our patience', { delayMs: 2_500 }, 2],
  ] as const) {
    it(`is delivered again until it is processed when reading Acuity meets ${what}`, async () => {
      let aheadMs = 0;
      await open({
        env: { ACUITY_TIMEOUT_MS: '1000' },
        overrides: { clock: { now: () => new Date(Date.now() + aheadMs) } },
      });
      await stack.control('/faults', { rules: [{ method: 'GET', path: '/appointments/', times, effect }] });
      const { id } = await stack.makeAppointment();
      await stack.settled(30_000, (ms) => (aheadMs += ms));
      await expectAsInAcuity(id);
      expect(await mails()).to.deep.equal(['booking_confirmation']);
    }).timeout(60_000);
  }

  it('is not processed twice when the reply to the relay is lost', async () => {
    let aheadMs = 0;
    await open({
      overrides: { clock: { now: () => new Date(Date.now() + aheadMs) }, relay: { timeoutMs: 300 } },
    });
    await stack.control('/faults', {
      rules: [{ method: 'GET', path: '/appointments/', times: 1, effect: { delayMs: 700 } }],
    });
    const { id } = await stack.makeAppointment();
    // On a busy machine other replies are late, too: the pauses between deliveries grow.
    await stack.settled(30_000, (ms) => (aheadMs += ms));
    await expectAsInAcuity(id);
    expect(await mails()).to.deep.equal(['booking_confirmation']);
  });

  it('is delivered in order of arrival when the target was down for an hour', async () => {
    let now = Date.now();
    await open({
      overrides: { clock: { now: () => new Date(now) }, relay: { targetUrl: 'http://127.0.0.1:65001/' } },
    });
    // Acuity sends two events for a change at the same time. They have an order once all of them are stored.
    await stack.app.system.relay.stop();
    const waiting = (): Promise<{ state: string; attempts: number }[]> =>
      stack.app.db('webhook_events').orderBy('seq').select('state', 'attempts');
    const { id } = await stack.makeAppointment();
    await until(async () => (await waiting()).length === 2);
    await stack.staff('PUT', `/appointments/${id}/cancel?admin=true`, {});
    // The second `changed` only counts on the first one.
    await until(async () => (await waiting()).length === 3);
    stack.app.system.relay.start();
    const anHourLater = now + anHour;
    await until(async () => {
      now += 60_000;
      return now >= anHourLater && ((await waiting())[0]?.attempts ?? 0) >= 5;
    });
    const seen = await waiting();
    expect(
      seen.slice(1).every(({ attempts }) => attempts === 0),
      'the later ones wait for their turn',
    ).to.equal(true);
    await stack.app.system.relay.stop();
    const back = compose(stack.app.system.services.config, {
      log: stack.app.system.services.log,
      clock: { now: () => new Date(now + 2 * anHour) },
      relay: { pollMs: 20 },
    });
    back.relay.start();
    try {
      await stack.settled();
    } finally {
      await back.relay.stop();
      await back.close();
    }
    expect((await waiting()).map(({ state }) => state)).to.deep.equal(Array(3).fill('processed'));
  });

  it('is dead after a day, and can be replayed by an admin, when the target stays down', async () => {
    let now = Date.now();
    await open({
      overrides: { clock: { now: () => new Date(now) }, relay: { targetUrl: 'http://127.0.0.1:65001/' } },
    });
    const body = eventBody('changed', 1);
    expect((await send(automation(), body)).status).to.equal(202);
    const event = () =>
      stack.app.db('webhook_events').first() as Promise<{ id: string; state: string; last_error: string }>;
    await until(async () => {
      now += anHour / 2;
      return (await event()).state === 'dead';
    });
    expect(await event()).to.include({ state: 'dead', last_error: 'ECONNREFUSED' });
    const { id } = await event();
    await (await stack.app.signIn('sam@examdesk.example')).post(`/admin/webhooks/${id}/replay`).expect(403);
    await (await stack.app.signIn('ada@examdesk.example')).post(`/admin/webhooks/${id}/replay`).expect(202);
    expect((await event()).state).to.be.oneOf(['waiting', 'delivering']);
    const actions = await stack.app
      .db('audit_log')
      .whereLike('action', 'webhook.replayed')
      .pluck('resource_id');
    expect(actions).to.deep.equal([id]);
  });

  it('increments an equal event that is waiting, and is stored separately when that one is being delivered', async () => {
    await open({ target: null, env: { WEBHOOK_DELAY_SECONDS: '3600' } });
    const body = eventBody('changed', 77);
    const [first, second] = [await send(automation(), body), await send(automation(), body)];
    expect(second.body.eventId).to.equal(first.body.eventId);
    const rows = () => stack.app.db('webhook_events').orderBy('seq').select('coalesced', 'state');
    expect(await rows()).to.deep.equal([{ coalesced: 1, state: 'waiting' }]);
    await stack.app
      .db('webhook_events')
      .update({ state: 'delivering', attempts: 1, lease_until: new Date(Date.now() + anHour) });
    expect((await send(automation(), body)).body.eventId).not.to.equal(first.body.eventId);
    expect(await rows()).to.have.length(2);
  });

  it('is refused and recorded without its bytes when it is forged, altered, of another type or too large', async () => {
    await open({ target: null });
    const body = eventBody('scheduled', 5);
    const headers = signed(body);
    for (const url of [webhook(), automation()]) {
      expect((await send(url, body, signed(body, 'another key'))).body.code).to.equal('bad_signature');
      const { body: problem } = await send(url, eventBody('canceled', 5), headers);
      expect(problem).to.include({ code: 'bad_signature', title: 'The signature is wrong' });
      expect((await send(url, body, { 'content-type': headers['content-type'] ?? '' })).status).to.equal(401);
      expect((await send(url, body, { ...headers, 'content-type': 'application/json' })).status).to.equal(
        415,
      );
      expect((await send(url, body, { ...headers, 'content-type': 'text/plain' })).status).to.equal(415);
      const large = `${body}&x=${'x'.repeat(16 * 1024)}`;
      expect((await send(url, large, signed(large))).status).to.equal(413);
    }
    const huge = 'x'.repeat(10 * 1024 * 1024);
    const answer = await send(webhook(), huge, signed(huge)).catch((error: unknown) => error as Error);
    // The connection may close before the answer arrives.
    if (!(answer instanceof Error)) expect(answer.status).to.equal(413);
    const kept = (await stack.app.db('webhook_events').select('state', 'body')) as {
      state: string;
      body: Buffer | null;
    }[];
    expect(kept.every(({ state, body: bytes }) => state === 'refused' && bytes === null)).to.equal(true);
    const rejected = await stack.app.db('audit_log').where({ action: 'webhook.rejected', outcome: 'denied' });
    expect(rejected).to.have.length(kept.length).and.length.above(5);
    await (await stack.app.signIn('ada@examdesk.example'))
      .post(`/admin/webhooks/${(await stack.app.db('webhook_events').first('id'))!.id}/replay`)
      .expect(409);
  });

  it('is no longer recorded when too many forged ones arrive', async () => {
    await open({ target: null });
    for (let i = 0; i < 80; i += 1) await send(webhook(), eventBody('scheduled', i), signed('x', 'forger'));
    const [rows] = await stack.app.db('webhook_events').count({ n: '*' });
    expect(Number(rows?.n))
      // Twice the limit, if a minute ends in between.
      .to.be.within(refusalLimits.perSource, 2 * refusalLimits.perSource);
  });

  it('may be JSON only when another automation layer signed it by Standard Webhooks', async () => {
    await open({ target: null, env: { AUTOMATION_SECRETS: `${whsec}, whsec_b2xkZXI=` } });
    const { id } = await stack.makeAppointment();
    const body = JSON.stringify({
      action: 'appointment.scheduled',
      id,
      calendarID: 7001,
      appointmentTypeID: 8001,
    });
    const headersAt = (at: number, text = body) => {
      const time = String(Math.floor(at / 1000));
      const mac = createHmac('sha256', Buffer.from(whsec.slice(6), 'base64'))
        .update(`m1.${time}.${text}`)
        .digest('base64');
      return {
        'content-type': 'application/json',
        'webhook-id': 'm1',
        'webhook-timestamp': time,
        'webhook-signature': `v1,AAAA v1,${mac}`,
      };
    };
    expect(await send(webhook(), body, headersAt(Date.now()))).to.deep.include({ status: 200 });
    await expectAsInAcuity(id);
    const countCalls = async () => {
      const answer = await fetch(`${stack.simulator.url}/_sim/calls`);
      return JSON.stringify(await answer.json()).split('"method"').length - 1;
    };
    const asked = await countCalls();
    const [again, restarted] = [
      await send(webhook(), body, headersAt(Date.now())),
      body.replace('scheduled', 'changed'),
    ];
    expect(again).to.deep.include({ status: 200 });
    expect(await countCalls(), 'the same message is not worked twice').to.equal(asked);
    await send(webhook(), restarted, headersAt(Date.now(), restarted));
    expect(await countCalls(), 'another body').to.be.above(asked);
    const countedBefore = await countCalls();
    await stack.app.db('webhook_events').update({ processed_at: new Date(Date.now() - 6 * 60_000) });
    await send(webhook(), body, headersAt(Date.now()));
    expect(await countCalls(), 'after the window').to.be.above(countedBefore);
    expect((await send(webhook(), body, headersAt(Date.now() - 400_000))).status).to.equal(401);
    expect((await send(webhook(), `${body} `, headersAt(Date.now()))).status).to.equal(401);
    expect((await send(webhook(), '[1]', headersAt(Date.now(), '[1]'))).status).to.equal(400);
    expect(
      (await send(webhook(), body, { ...signed(body), 'content-type': 'application/json' })).status,
    ).to.equal(401);
    expect((await send(automation(), body, headersAt(Date.now()))).status).to.equal(415);
  });

  it('is answered with 200 and ignored when it is not about an appointment', async () => {
    await open({ target: null });
    for (const body of [
      'action=order.completed&id=99',
      '',
      'action=scheduled',
      'action=scheduled&id=abc',
      'id=5',
      'action[]=x&id=1',
      'action=constructor&id=5',
      '%00=%ff',
    ]) {
      expect(await send(webhook(), body), body).to.deep.include({
        status: 200,
        body: { outcome: 'ignored' },
      });
    }
  });

  it('is answered with 503 and delivered again when Acuity does not have the appointment', async () => {
    await open({ target: null, overrides: { convergence: { readAgainMs: [5] } } });
    const { status } = await send(webhook(), eventBody('scheduled', 123_456));
    expect(status).to.equal(503);
    expect(await stack.app.db('webhook_events').first('state', 'last_error')).to.deep.equal({
      state: 'waiting',
      last_error: 'not_found',
    });
  });

  it('is answered by the relay before anything is read from Acuity', async () => {
    await open({ target: null, env: { WEBHOOK_DELAY_SECONDS: '60' } });
    const { id } = await stack.makeAppointment();
    expect((await send(automation(), eventBody('scheduled', id))).status).to.equal(202);
    expect(await stack.booking(id)).to.equal(undefined);
    const [event] = await stack.app.db('webhook_events').select('body', 'state', 'headers');
    expect((event!.body as Buffer).toString()).to.equal(eventBody('scheduled', id));
    expect((event!.headers as Record<string, string>)['x-acuity-signature']).to.equal(
      signed(eventBody('scheduled', id))['x-acuity-signature'],
    );
  });
});
