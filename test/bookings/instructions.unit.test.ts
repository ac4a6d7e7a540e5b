import { expect } from 'chai';
import { instructionsFor, type Booking } from '../../src/bookings/index.ts';

const booking = {
  specialist: { id: 's', name: 'Dr Amelia Hart', specialty: 'Orthopaedic surgery' },
  organization: { id: 'o', name: 'Harbour Legal' },
  createdBy: { id: 'r', name: 'Rita Alvarez' },
  examinee: { firstName: 'Maria', lastName: 'Santos', interpreterLanguage: null },
  startsAt: new Date('2026-12-08T09:00:00+11:00'),
  durationMinutes: 60,
  timezone: 'Australia/Sydney',
  type: 'in_person',
  location: 'Level 8, 210 George Street, Sydney',
  meetingLink: null,
} as unknown as Booking;
const telehealth = { ...booking, type: 'telehealth', location: null } as Booking;
const where = (of: Booking) => instructionsFor(of, null).facts.find(({ label }) => label === 'Where');

describe('instructionsFor', () => {
  it('leads to the place by a map when the examinee comes in person', () => {
    expect(where(booking)).to.deep.equal({
      label: 'Where',
      value: 'Level 8, 210 George Street, Sydney',
      href: 'https://www.google.com/maps/search/?api=1&query=Level%208%2C%20210%20George%20Street%2C%20Sydney',
    });
    const { bringTitle, bring, notes } = instructionsFor(booking, null);
    expect([bringTitle, bring.join(), notes.join()].join()).to.match(
      /bring.*identification.*arrive 10 minutes early/,
    );
  });

  it('tells what a telehealth examination takes, and links to the meeting once there is one', () => {
    expect(where(telehealth)?.value).to.contain('separately');
    expect(where({ ...telehealth, meetingLink: 'https://meet.example/1' })).to.include({
      href: 'https://meet.example/1',
    });
    const { bringTitle, bring, notes } = instructionsFor(telehealth, null);
    expect([bringTitle, bring.join(), notes.join()].join()).to.match(
      /have ready.*camera.*open the meeting link/,
    );
    expect(bring.join()).not.to.contain('X-rays');
  });

  it('names whom to call, with the number when there is one, and the interpreter', () => {
    expect(instructionsFor(booking, '02 9000 0000').call).to.contain(
      'call Rita Alvarez at Harbour Legal on 02 9000 0000',
    );
    expect(instructionsFor(booking, null).call).to.contain('tell Rita Alvarez at Harbour Legal');
    expect(instructionsFor({ ...booking, createdBy: null, organization: null }, null).call).to.contain(
      'the people who arranged it',
    );
    const tamil = { ...booking, examinee: { ...booking.examinee, interpreterLanguage: 'Tamil' } };
    expect(instructionsFor(tamil, null).notes.join()).to.contain('Tamil');
  });
});
