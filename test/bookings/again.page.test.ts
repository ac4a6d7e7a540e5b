import { expect } from 'chai';
import {
  amelia,
  ewan,
  inUtc,
  nadia,
  openPageFixture,
  rita,
  sam,
  type PageFixture,
} from '../support/page-fixture.ts';
import type { Visit, Visitor } from '../support/visitor.ts';

const inMarch = '2031-03-04T09:00:00+11:00';
const evenLater = '2031-03-06T09:00:00+11:00';
const later = '2031-03-05T09:00:00+11:00';
const address = 'ewan@example.com';

describe('pages around a booking', () => {
  let fixture: PageFixture;
  let visitor: Visitor;
  let bookingPath: string;

  before(async () => {
    fixture = await openPageFixture();
    fixture.acuity.offer(amelia, inMarch, later, evenLater);
    visitor = await fixture.signedIn(rita);
    bookingPath = await book({ ...ewan, email: address }, inMarch);
  });
  after(() => fixture.close());

  async function book(examinee: typeof ewan, at: string): Promise<string> {
    const check = await checkPage(examinee, at);
    return (await visitor.post('/bookings', check.form('/bookings'))).at.replace('?confirmed', '');
  }

  async function checkPage(examinee: typeof ewan, at: string): Promise<Visit> {
    const draftId = await fixture.draftAt(visitor, 'time');
    await visitor.post(`/bookings/new/${draftId}/time`, { startsAt: inUtc(at) });
    return visitor.post(`/bookings/new/${draftId}/examinee`, examinee);
  }

  const again = (who: Visitor, wanted: string) => who.post(`${bookingPath}/again`, { with: wanted });

  describe('booking again', () => {
    it('asks only for a time when the specialist is the same, and keeps every detail', async () => {
      const time = await again(visitor, 'same');
      expect(time.at).to.match(/^\/bookings\/new\/[0-9a-f-]{36}\/time$/);
      expect(time.text('main')).to.contain('Dr Amelia Hart');
      const check = await visitor.post(time.at, { startsAt: inUtc(later) });
      expect(check.at).to.match(/\/check$/);
      expect(check.texts('.summary-list dd')).to.include.members([
        'Ewan',
        'Marsh',
        '+61 412 345 678',
        address,
        '27 March 1984',
        'No interpreter needed',
        'CL-2207',
        'Needs an interpreter.',
      ]);
      const booked = await visitor.post('/bookings', check.form('/bookings'));
      expect(booked.at).to.match(/\?confirmed$/);
      await visitor.post(`${booked.at.replace('?confirmed', '')}/cancel`, { reason: '' });
    });

    it('lets the referrer choose another specialist, and puts nothing about a person into the address', async () => {
      const choose = await again(visitor, 'another');
      expect(choose.at).to.match(/^\/bookings\/new\?draft=[0-9a-f-]{36}$/);
      const draft = choose.at.split('=')[1] ?? '';
      const time = await visitor.post('/bookings/new', {
        draftId: draft,
        specialistId: await fixture.specialistId('Dr Bruno Keller'),
        type: 'in_person',
      });
      expect(time.at).to.match(/\/time$/);
      expect(time.text('main')).to.contain('Dr Bruno Keller');
    });

    it('is offered to referrers only, and for their organisation’s bookings only', async () => {
      const staff = await fixture.signedIn(sam);
      expect((await again(staff, 'same')).status).to.equal(403);
      expect((await staff.get(bookingPath)).has('#book-again')).to.equal(false);
      expect((await again(await fixture.signedIn(nadia), 'same')).status).to.equal(404);
      expect((await again(visitor, 'nonsense')).status).to.equal(422);
    });
  });

  describe('the check page', () => {
    const warned = (page: Visit) => (page.has('#others-title') ? page.texts('.panel-warn li') : []);

    it('warns of an upcoming examination of the same person, however the name is written', async () => {
      for (const examinee of [
        { ...ewan, firstName: 'EWAN', lastName: 'Mársh' },
        { ...ewan, phone: '0499 999 999' },
        { ...ewan, 'dateOfBirth-day': '', 'dateOfBirth-month': '', 'dateOfBirth-year': '' },
      ]) {
        const page = await checkPage(examinee, later);
        expect(warned(page)).to.have.length(1);
        expect(page.attribute('.panel-warn li a', 'href')).to.equal(bookingPath);
        expect(page.has('form.confirm'), 'it does not block').to.equal(true);
      }
    });

    it('does not warn of namesakes, other organisations, and examinations that are cancelled', async () => {
      const namesake = { ...ewan, phone: '0499 999 999', 'dateOfBirth-year': '1985' };
      expect(warned(await checkPage(namesake, later))).to.deep.equal([]);
      const path = await book(namesake, later);
      expect(warned(await checkPage(namesake, evenLater))).to.have.length(1);
      const other = await fixture.app.db('organizations').where({ name: 'Northside Claims' }).first('id');
      await fixture.app.database
        .owner('bookings')
        .where({ id: path.split('/')[2] })
        .update({ organization_id: other?.id ?? null });
      expect(warned(await checkPage(namesake, evenLater))).to.deep.equal([]);
    });
  });

  describe('the instructions for the examinee', () => {
    const instructions = () => `${bookingPath}/instructions`;

    it('say when, where with a map, what to bring and whom to call', async () => {
      await fixture.app.database
        .owner('organizations')
        .where({ name: 'Harbour Legal' })
        .update({ examinees_call: '02 9000 0000' });
      const page = await visitor.get(instructions());
      expect(page.text('.sheet')).to.contain('9:00 am, Tuesday 4 March 2031');
      expect(page.text('.sheet')).to.contain('please call Rita Alvarez at Harbour Legal on 02 9000 0000');
      expect(page.text('.sheet')).to.contain('photo identification');
      expect(page.attribute('.sheet dd a', 'href')).to.contain('Level%208%2C%20210%20George%20Street');
      expect(page.text('.sheet')).not.to.contain('CL-2207');
    });

    it('have no notice that nobody wrote', async () => {
      const page = await visitor.get(`${instructions()}?done=constructor`);
      expect(page.has('.notice')).to.equal(false);
    });

    it('are sent to the examinee once, however often the button is pressed', async () => {
      const sent = await visitor.post(instructions(), {});
      expect(sent.text('.notice')).to.contain('on their way');
      expect((await visitor.post(instructions(), {})).text('.notice')).to.contain('not sent again');
      const mails = await fixture.app.db('emails').where({ kind: 'examinee_instructions' });
      expect(mails.map(({ recipient }) => recipient)).to.deep.equal(['examinee']);
      const [row] = await fixture.app.db('audit_log').where({ action: 'instructions.sent' });
      expect(row).to.deep.include({ resource_id: bookingPath.split('/')[2], outcome: 'success' });
    });

    it('are sent five times a day at the most', async () => {
      const emails = fixture.app.database.owner('emails').where({ kind: 'examinee_instructions' });
      for (let hours = 1; hours <= 5; hours++) {
        await emails
          .clone()
          .whereRaw(`created_at > now() - interval '10 minutes'`)
          .update({ created_at: fixture.app.db.raw(`now() - ? * interval '1 hour'`, [hours]) });
        const page = await visitor.post(instructions(), {});
        expect(page.text('.notice, .panel-warn')).to.contain(hours < 5 ? 'on their way' : 'five times');
      }
      expect(await emails).to.have.length(5);
    });

    it('say so when the examination was cancelled, and are not sent then', async () => {
      await visitor.post(`${bookingPath}/cancel`, { reason: '' });
      await fixture.app.db('emails').where({ kind: 'examinee_instructions' }).delete();
      const page = await visitor.get(instructions());
      expect(page.text('.panel-warn')).to.contain('was cancelled');
      expect(page.has(`form[action="${instructions()}"]`)).to.equal(false);
      expect((await visitor.post(instructions(), {})).text('.notice')).to.contain('Nothing was sent');
      expect((await visitor.get(bookingPath)).text('#booking-next')).to.contain('Book it again');
    });

    it('are not there for another organisation', async () => {
      const other = await fixture.signedIn(nadia);
      expect((await other.get(instructions())).status).to.equal(404);
      expect((await other.post(instructions(), {})).status).to.equal(404);
    });
  });
});
