// What the clinic's staff type into Acuity's forms.
import { expect } from 'chai';
import { digestOfAll } from '../../src/bookings/index.ts';
import { openWebhookStack, type WebhookStack } from '../support/webhook-stack.ts';

const [firstName, lastName, phone, email, bornOn, claim, language] = [
  9102, 9103, 9104, 9105, 9106, 9107, 9109,
] as const;

describe('details typed in Acuity', () => {
  let stack: WebhookStack;
  before(async () => {
    stack = await openWebhookStack();
  });
  after(() => stack.close());

  const typed = (answers: Partial<Record<number, string>>) =>
    Object.entries({ [firstName]: 'Ewan', [lastName]: 'Marsh', [phone]: '0412 345 678', ...answers }).map(
      ([id, value]) => ({ id: Number(id), value }),
    );
  async function booked(answers: Partial<Record<number, string>>) {
    const { id } = await stack.makeAppointment({ fields: typed(answers) });
    await stack.settled();
    return { id, row: await rowOf(id) };
  }
  async function answered(id: number, answers: Partial<Record<number, string>>) {
    const fields = Object.entries(answers).map(([field, value]) => ({ id: Number(field), value }));
    await stack.staff('PUT', `/appointments/${id}?admin=true`, { fields });
    await stack.settled();
    return rowOf(id);
  }
  const rowOf = async (id: number) =>
    (await stack.booking(id)) as unknown as Record<string, unknown> & { id: string };
  const columns = ({ examinee_date_of_birth: born, ...row }: Record<string, unknown>) => ({
    ...row,
    born: born ?? null,
  });

  it('are tidied and read like those typed here', async () => {
    const { row } = await booked({
      [firstName]: '\ufeffAnne\u00a0Marie ',
      [lastName]: 'O´Brien\u2011Lee s/o Tan\u200b',
      [phone]: '\u202d(02)\u00a09374\u20134000\u00a0ext.\u00a055\u202c',
      [email]: 'Anne.O’Brien&Lee@example.com',
      [bornOn]: '27-03-1984',
      [claim]: 'WC\u20132207\u00a0/ 1',
      [language]: 'n/a',
    });
    expect(columns(row)).to.include({
      examinee_first_name: 'Anne Marie',
      examinee_last_name: "O'Brien-Lee s/o Tan",
      examinee_phone: '+61293744000;ext=55',
      examinee_email: "Anne.O'Brien&Lee@example.com",
      born: '1984-03-27',
      claim_number: 'WC-2207 / 1',
      interpreter_language: null,
      details_needed: false,
    });
  });

  it('mark the booking “details needed” when one cannot be read, and stay as typed where they can', async () => {
    const bad: [Partial<Record<number, string>>, Record<string, unknown>][] = [
      [{ [bornOn]: '27/3/84' }, { born: null }],
      [{ [bornOn]: 'ask her' }, { born: null }],
      [{ [bornOn]: '27/3/2984' }, { born: null }],
      [{ [email]: 'ewan at example.com' }, { examinee_email: 'ewan at example.com' }],
      [{ [phone]: '0412 345 678 / 0412 345 679' }, { examinee_phone: '0412 345 678 / 0412 345 679' }],
      [{ [lastName]: '' }, { examinee_last_name: '' }],
    ];
    for (const [answers, kept] of bad) {
      const { row } = await booked(answers);
      expect(columns(row), JSON.stringify(answers)).to.include({ details_needed: true, ...kept });
    }
    const { row } = await booked({ [bornOn]: 'N/A', [email]: 'none', [firstName]: '' });
    expect(columns(row)).to.include({ details_needed: false, born: null, examinee_email: null });
  });

  it('mark the booking once when the clinic changes one to what cannot be read', async () => {
    const { id } = await booked({ [bornOn]: '27 March 1984' });
    const marked = await answered(id, { [bornOn]: '28/3/84' });
    expect(columns(marked)).to.include({ details_needed: true, born: '1984-03-27', version: 2 });
    await stack.app.db('bookings').where({ id: marked.id }).update({ details_needed: false });
    expect(await answered(id, { [lastName]: 'Marsh ' })).to.include({ details_needed: false, version: 2 });
    expect(columns(await answered(id, { [bornOn]: '28th of March, 1984' }))).to.include({
      details_needed: false,
      born: '1984-03-28',
    });
  });

  it('mark the booking when reconciliation finds one that cannot be read, once', async () => {
    const { id } = await booked({ [bornOn]: '27 March 1984' });
    const { sync } = stack.app.system.services;
    const near = () => sync.reconcile({ ...sync.nearSpan(), fixes: true });
    await near();
    await stack.control('/webhooks', { enabled: false });
    try {
      await answered(id, { [bornOn]: '28/3/84' });
      expect(await near()).to.include({ found: 1, fixed: 1 });
      expect(await rowOf(id)).to.include({ details_needed: true, version: 2 });
      expect(await near()).to.include({ found: 0 });
    } finally {
      await stack.control('/webhooks', { enabled: true });
    }
  });

  it('have keyed digests only, and cause no write when those before had none', async () => {
    const { id, row } = await booked({ [claim]: 'CL-1' });
    const { db } = stack.app;
    const kept = () => db('booking_answers').where({ booking_id: row.id });
    await db('bookings').where({ id: row.id }).update({ examinee_first_name: 'Euan' });
    expect(row.acuity_answers_digest).to.match(/^h:[\w-]+:[\w-]{43}$/);
    const digests: string[] = await kept().pluck('acuity_digest');
    expect(digests).to.not.be.empty;
    for (const digest of digests) expect(digest).to.match(/^h:/);

    const read = await stack.app.system.services.acuity.getAppointment(id);
    if (!read.ok) throw new Error(read.reason);
    await stack.app.database.owner('booking_answers').update({ acuity_digest: digestOfAll(read.value) });
    const before = [await kept(), await rowOf(id)];
    await answered(id, {});
    expect([await kept(), await rowOf(id)]).to.deep.equal(before);
    expect((await answered(id, { [claim]: 'CL-2' })).claim_number).to.equal('CL-2');
  });

  it('keep corrections of staff when an earlier version read them otherwise, and fill what it could not read', async () => {
    const { id, row } = await booked({ [bornOn]: '27-03-1984', [claim]: 'CL–1' });
    // As the version before read and stored them; staff have corrected the name since.
    await stack.app.db('bookings').where({ id: row.id }).update({
      examinee_date_of_birth: null,
      claim_number: 'CL–1',
      examinee_first_name: 'Euan',
      acuity_answers_digest: 'AHD9nrmNxKbDkb--IyfJhmdHYYoXsAvg4Hk6uFUCCK0',
    });
    expect(columns(await answered(id, {}))).to.include({
      examinee_first_name: 'Euan',
      claim_number: 'CL–1',
      born: '1984-03-27',
    });
  });
});
