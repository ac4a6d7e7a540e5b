// People as identity cards and clinics have them, from JSON to Acuity and back, in lists, on pages, in mails and files.
import { expect } from 'chai';
import type { EmailRow } from '../../src/email/email.ts';
import type { Agent } from '../support/app.ts';
import { dayFromToday } from '../support/days.ts';
import { composeMail } from '../support/mail-parts.ts';
import { openWebhookStack, rita, type WebhookStack } from '../support/webhook-stack.ts';

interface BookingJson {
  id: string;
  acuityAppointmentId: number;
  examinee: Record<string, string | null>;
  claimNumber: string | null;
  notes: string;
  version: number;
}

describe('a booking of a person with one name and a phone with an extension', () => {
  let stack: WebhookStack;
  let agent: Agent;
  let booking: BookingJson;

  const typed = (specialistId: string, startsAt: string) => ({
    specialistId,
    type: 'in_person',
    startsAt,
    examinee: {
      firstName: '\u200b ',
      lastName: '\ufeffSuharto\u00a0A/L (Gal·la) D´Cruz\u2010Lee, 3rd ',
      phone: '(02)\u00a09374\u20114000 ext.\u00a055',
      email: '<suharto.d’cruz&co!@example.com>',
      dateOfBirth: '27th of March 1984',
    },
    claimNumber: 'WC\u20132207\u200b / 1',
    notes: 'Ring\u00a0twice \u2014 upstairs\r\n',
  });
  const name = "Suharto A/L (Gal·la) D'Cruz-Lee, 3rd";
  const html = name.replace("'", '&#39;');

  before(async () => {
    stack = await openWebhookStack();
    agent = await stack.app.signIn(rita);
    const { id } = (await stack.app.db('specialists').where({ acuity_calendar_id: 7001 }).first('id')) as {
      id: string;
    };
    const slots = await freeSlots(id);
    const answer = await agent
      .post('/bookings')
      .set('Idempotency-Key', 'k')
      .send(typed(id, slots))
      .expect(201);
    ({ booking } = answer.body as { booking: BookingJson });
    const plain = {
      ...typed(id, slots),
      examinee: {
        firstName: '',
        lastName: name,
        phone: '+61293744000;ext=55',
        email: "suharto.d'cruz&co!@example.com",
        dateOfBirth: '1984-03-27',
      },
      claimNumber: 'WC-2207 / 1',
      notes: 'Ring twice - upstairs',
    };
    const again = await agent.post('/bookings').set('Idempotency-Key', 'k').send(plain).expect(201);
    expect(again.body.booking.id).to.equal(booking.id);
    await stack.settled();
  });
  after(() => stack.close());

  async function freeSlots(specialistId: string): Promise<string> {
    for (let day = 7; day < 30; day += 1) {
      const date = dayFromToday(day);
      const { body } = await agent
        .get(`/specialists/${specialistId}/availability`)
        .query({ type: 'in_person', date })
        .expect(200);
      const [first] = body.slots as { startsAt: string }[];
      if (first) return first.startsAt;
    }
    throw new Error('No free time within a month');
  }

  it('stores what was typed, tidied, and takes the same request typed plainly for the same', () => {
    expect(booking.examinee).to.include({
      firstName: '',
      lastName: name,
      phone: '+61293744000;ext=55',
      email: "suharto.d'cruz&co!@example.com",
      dateOfBirth: '1984-03-27',
    });
    expect(booking).to.include({ claimNumber: 'WC-2207 / 1', notes: 'Ring twice - upstairs' });
  });

  it('tells Acuity the same, and Acuity’s event changes nothing', async () => {
    const appointment = await stack.staff<{
      id: number;
      forms: { values: { fieldID: number; value: string }[] }[];
    }>('GET', `/appointments/${booking.acuityAppointmentId}`);
    const told = Object.fromEntries(
      appointment.forms.flatMap(({ values }) => values.map(({ fieldID, value }) => [fieldID, value])),
    );
    expect(told).to.include({
      9103: name,
      9104: '+61293744000;ext=55',
      9105: "suharto.d'cruz&co!@example.com",
      9106: '1984-03-27',
      9107: 'WC-2207 / 1',
    });
    await stack.staff('PUT', `/appointments/${booking.acuityAppointmentId}?admin=true`, { notes: 'Paid' });
    await stack.settled();
    const { body } = await agent.get(`/bookings/${booking.id}`).expect(200);
    expect(body.booking).to.include({ version: booking.version, detailsNeeded: false });
  });

  it('shows the name without a stray blank, and the extension', async () => {
    const page = async (address: string) =>
      (await agent.get(address).set('Accept', 'text/html').expect(200)).text;
    const shown = await page(`/bookings/${booking.id}`);
    for (const fact of [html, '+61 2 9374 4000 ext. 55', '27 March 1984'])
      expect(shown).to.contain(`>${fact}<`);
    expect(await page('/bookings')).to.contain(`>${html}<`);
    const { text: ics } = await agent.get(`/bookings/${booking.id}/calendar.ics`).expect(200);
    expect(ics.replaceAll('\r\n ', '').replaceAll('\\', '')).to.contain(`Examinee: ${name}nSpecialist`);
    const row = (await stack.app.db('emails').where({ kind: 'booking_confirmation' }).first()) as EmailRow;
    const mail = await composeMail(stack.app.db, row);
    expect(mail.text).to.match(/Examinee: +Suharto A\/L/);
    const sam = await stack.app.signIn('sam@examdesk.example');
    const { body } = await sam.get('/admin/api/resources/bookings/actions/list').expect(200);
    const records = body.records as { params: Record<string, unknown> }[];
    expect(records.map(({ params }) => params.examinee)).to.include(name);
  });

  it('shows both numbers of a box that Acuity has, and all digits of what cannot be read', async () => {
    const two = '+61 412 345 678 or +61 412 345 679';
    await stack.staff('PUT', `/appointments/${booking.acuityAppointmentId}?admin=true`, {
      fields: [{ id: 9104, value: two }],
    });
    await stack.settled();
    const { body } = await agent.get(`/bookings/${booking.id}`).expect(200);
    expect(body.booking).to.include({ detailsNeeded: true });
    expect(body.booking.examinee.phone).to.equal(two);
    const { text } = await agent.get(`/bookings/${booking.id}`).set('Accept', 'text/html').expect(200);
    expect(text).to.contain(two);
  });
});
