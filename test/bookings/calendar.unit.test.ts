// Read by another program's parser: Thunderbird's.
import { expect } from 'chai';
import ICAL from 'ical.js';
import { bookingCalendar, type Booking } from '../../src/bookings/index.ts';

const booking: Booking = {
  id: '0192f000-0000-7000-8000-000000000001',
  reference: 'EX-7K3M9Q',
  acuityAppointmentId: 1,
  specialist: { id: 's', name: 'Dr Amelia Hart', specialty: 'Orthopaedics; hands, feet' },
  organization: null,
  createdBy: null,
  createdFor: null,
  detailsNeeded: false,
  examinee: {
    firstName: 'Zoë',
    lastName: "O'Brien, jr",
    phone: '+61412345678',
    email: null,
    dateOfBirth: null,
    interpreterLanguage: null,
  },
  claimNumber: 'WC;2026,17',
  notes: '',
  startsAt: new Date('2026-12-01T10:00:00+11:00'),
  durationMinutes: 45,
  timezone: 'Australia/Sydney',
  type: 'in_person',
  location: 'Level 2, 1 Long Street; Sydney',
  meetingLink: null,
  status: 'active',
  currentProgress: 'scheduled',
  source: 'portal',
  version: 3,
  createdAt: new Date('2026-11-01T00:00:00Z'),
  updatedAt: new Date('2026-11-02T00:00:00Z'),
};
const organizer = { name: 'Agency, "Best"; North', address: 'bookings@agency.example' };
const url = 'https://desk.example/bookings/1';

function read({ content }: { content: string }) {
  const calendar = ICAL.Component.fromString(content);
  const event = calendar.getFirstSubcomponent('vevent') ?? expect.fail('It has no event');
  const names = event.getAllProperties().map(({ name }) => name);
  return { calendar, event, names, text: (name: string) => String(event.getFirstPropertyValue(name)) };
}

describe('bookingCalendar', () => {
  it('publishes an event as RFC 5546 wants: with an organiser, and without attendees', () => {
    const file = bookingCalendar(booking, url, organizer);
    const { calendar, event, names, text } = read(file);
    expect(file.method).to.equal('PUBLISH');
    expect(file.content.endsWith('END:VCALENDAR\r\n')).to.equal(true);
    expect(calendar.getFirstPropertyValue('method')).to.equal('PUBLISH');
    for (const name of ['dtstamp', 'dtstart', 'organizer', 'summary', 'uid', 'sequence'])
      expect(
        names.filter((one) => one === name),
        name,
      ).to.have.length(1);
    expect(names).not.to.include('attendee');
    expect(text('organizer')).to.equal('mailto:bookings@agency.example');
    expect(event.getFirstProperty('organizer')?.getFirstParameter('cn')).to.match(
      /^Agency, .?Best.?; North$/,
    );
    expect(text('uid')).to.equal(booking.id);
    expect(text('sequence')).to.equal('3');
    expect(text('status')).to.equal('CONFIRMED');
    const { startDate, endDate } = new ICAL.Event(event);
    expect(startDate.toJSDate()).to.deep.equal(booking.startsAt);
    expect(endDate.toJSDate()).to.deep.equal(new Date('2026-12-01T10:45:00+11:00'));
    expect(text('location')).to.equal(booking.location);
    expect(text('description').split('\n')).to.include.members([
      "Examinee: Zoë O'Brien, jr",
      'Specialist: Dr Amelia Hart, Orthopaedics; hands, feet',
      'Claim: WC;2026,17',
      url,
    ]);
  });

  it('cancels the same event of the same organiser with a higher sequence', () => {
    const file = bookingCalendar({ ...booking, status: 'cancelled', version: 4 }, url, organizer);
    const { calendar, names, text } = read(file);
    expect(file.method).to.equal('CANCEL');
    expect(calendar.getFirstPropertyValue('method')).to.equal('CANCEL');
    for (const name of ['dtstamp', 'organizer', 'uid', 'sequence'])
      expect(
        names.filter((one) => one === name),
        name,
      ).to.have.length(1);
    expect(text('organizer')).to.equal('mailto:bookings@agency.example');
    expect(text('uid')).to.equal(booking.id);
    expect(text('sequence')).to.equal('4');
    expect(text('status')).to.equal('CANCELLED');
  });

  it('folds its lines at 75 bytes and ends them with CR LF', () => {
    const { content } = bookingCalendar({ ...booking, location: 'Straße '.repeat(40) }, url, organizer);
    for (const line of content.split('\r\n')) {
      expect(Buffer.byteLength(line)).to.be.at.most(75);
      expect(line).not.to.match(/[\r\n]/);
    }
  });
});
