import { expect } from 'chai';
import fc from 'fast-check';
import {
  asAppointment,
  formatDatetime,
  formsReply,
  parseDatetime,
  readAppointment,
} from '../../src/adapters/acuity-http/wire.ts';
import { assertAlways } from '../support/random.ts';

/** A captured reply: acuity.md, section 5. */
const captured = {
  id: 1700000101,
  firstName: 'Rita',
  lastName: ' Harbour ',
  phone: '+61290000001',
  email: 'rita@harbour-legal.example',
  date: 'December 1, 2026',
  time: '10:00am',
  endTime: '11:00am',
  datetimeCreated: '2026-11-23T09:12:44-0800',
  datetime: '2026-12-01T10:00:00+1100',
  paid: 'no',
  type: 'Examination',
  appointmentTypeID: 8001,
  duration: '60',
  calendar: 'Dr Amelia Hart',
  calendarID: 7001,
  location: 'Level 2, 100 Macquarie Street',
  notes: '',
  timezone: 'Australia/Sydney',
  calendarTimezone: 'Australia/Sydney',
  canceled: false,
  labels: null,
  forms: [
    {
      id: 501,
      name: 'Examination details',
      values: [
        { id: 1, fieldID: 9101, value: 'EX-7K3M9Q', name: 'Booking reference', fieldWidget: null },
        { id: 2, fieldID: 9105, value: '', name: 'Examinee e-mail' },
      ],
    },
  ],
  formsText: '…',
  scheduledBy: null,
};

describe('a time of Acuity', () => {
  it('is written with an offset without a colon', () => {
    const instant = new Date('2026-12-01T10:00:00+11:00');
    expect(formatDatetime(instant, 'Australia/Sydney')).to.equal('2026-12-01T10:00:00+1100');
    expect(formatDatetime(instant, 'Australia/Adelaide')).to.equal('2026-12-01T09:30:00+1030');
    expect(formatDatetime(instant, 'America/St_Johns')).to.equal('2026-11-30T19:30:00-0330');
    expect(formatDatetime(instant, 'UTC')).to.equal('2026-11-30T23:00:00+0000');
  });

  it('is unambiguous for the two 02:30 when the clocks go back', () => {
    const first = new Date('2027-04-03T15:30:00Z');
    const second = new Date('2027-04-03T16:30:00Z');
    expect(formatDatetime(first, 'Australia/Sydney')).to.equal('2027-04-04T02:30:00+1100');
    expect(formatDatetime(second, 'Australia/Sydney')).to.equal('2027-04-04T02:30:00+1000');
  });

  it('is read with and without a colon, and as UTC', () => {
    const instant = '2026-12-01T10:00:00+11:00';
    for (const text of [
      '2026-12-01T10:00:00+1100',
      '2026-12-01T10:00:00+11:00',
      '2026-11-30T23:00:00Z',
      '2026-11-30 23:00:00+0000',
      '2026-12-01T10:00+1100',
      '2026-11-30T23:00:00.000+0000',
    ]) {
      expect(parseDatetime(text)?.getTime(), text).to.equal(new Date(instant).getTime());
    }
  });

  it('is read as null without an offset, or in words', () => {
    for (const text of [
      '2026-12-01T10:00:00',
      '2026-12-01',
      '10:00am',
      'December 1, 2026',
      '',
      '2026-13-01T10:00:00+1100',
    ]) {
      expect(parseDatetime(text), text).to.equal(null);
    }
  });

  it('is read back as it was written, whatever the zone', async () => {
    const zones = ['Australia/Sydney', 'Australia/Adelaide', 'Pacific/Auckland', 'America/St_Johns', 'UTC'];
    const seconds = fc.integer({ min: 1_700_000_000, max: 1_900_000_000 });
    await assertAlways(
      'adapters/acuity-times',
      fc.property(seconds, fc.constantFrom(...zones), (second, zone) => {
        const instant = new Date(second * 1_000);
        expect(parseDatetime(formatDatetime(instant, zone))?.getTime()).to.equal(instant.getTime());
      }),
    );
  });
});

describe('an appointment of Acuity', () => {
  it('is read in full from a captured reply', () => {
    expect(readAppointment(captured)).to.deep.equal({
      kind: 'complete',
      appointment: {
        id: 1700000101,
        appointmentTypeId: 8001,
        calendarId: 7001,
        startsAt: new Date('2026-11-30T23:00:00Z'),
        createdAt: new Date('2026-11-23T17:12:44Z'),
        durationMinutes: 60,
        calendarTimezone: 'Australia/Sydney',
        canceled: false,
        noShow: false,
        client: {
          firstName: 'Rita',
          lastName: 'Harbour',
          email: 'rita@harbour-legal.example',
          phone: '+61290000001',
        },
        location: 'Level 2, 100 Macquarie Street',
        notes: null,
        scheduledBy: null,
        answers: new Map([[9101, 'EX-7K3M9Q']]),
      },
    });
  });

  it('has no location when Acuity shows the address that the client gave', () => {
    const address = { id: 3, fieldID: 9577, value: '12 Ord Street, West Perth WA 6005', name: 'Address' };
    const forms = [{ id: 571, name: 'Before the assessment', values: [address] }];
    const read = (location: string) => {
      const result = readAppointment({ ...captured, forms, location });
      return result.kind === 'complete' && result.appointment.location;
    };
    expect(read(` ${address.value}`)).to.equal(null);
    expect(read('Level 2, 100 Macquarie Street')).to.equal('Level 2, 100 Macquarie Street');
  });

  it('is a no-show only when it is cancelled', () => {
    const read = (more: object) => {
      const result = readAppointment({ ...captured, ...more });
      return result.kind === 'complete' && result.appointment.noShow;
    };
    expect(read({ canceled: true, noShow: true })).to.equal(true);
    expect(read({ canceled: true, noShow: false })).to.equal(false);
    expect(read({ canceled: false, noShow: true })).to.equal(false);
  });

  it('keeps its other fields when one is malformed', () => {
    const odd = { canceled: 'no', forms: 'none', labels: 7, location: { street: 1 }, scheduledBy: undefined };
    const result = readAppointment({ ...captured, ...odd, id: '1700000101', duration: 60 });
    if (result.kind !== 'complete') throw new Error(result.kind);
    expect(result.appointment).to.deep.include({
      id: 1700000101,
      durationMinutes: 60,
      canceled: false,
    });
  });

  it('is completed from the request when Acuity left out required fields', () => {
    for (const name of ['datetime', 'appointmentTypeID', 'calendarID', 'duration']) {
      const result = readAppointment({ ...captured, [name]: undefined });
      expect(result.kind, name).to.equal('incomplete');
    }
    const bare = readAppointment({ id: 5 });
    if (bare.kind !== 'incomplete') throw new Error(bare.kind);
    const startsAt = new Date('2026-11-30T23:00:00Z');
    expect(asAppointment(bare.reply, {})).to.equal(null);
    expect(
      asAppointment(bare.reply, { startsAt, appointmentTypeId: 8001, calendarId: 7001 }),
    ).to.deep.include({ id: 5, startsAt, calendarId: 7001, durationMinutes: 0 });
  });

  it('is null without an id', () => {
    for (const json of [null, [], {}, 'ok', { id: 0 }, { id: 'abc' }, { ...captured, id: null }]) {
      expect(readAppointment(json).kind).to.equal('unreadable');
    }
  });
});

describe('formsReply', () => {
  it('reads forms as Acuity shows them', () => {
    const fields = [
      { id: 9101, name: ' Side ', required: true, type: 'dropdown', options: ['Left', 'Right'] },
    ];
    const form = {
      id: 501,
      name: 'Intake',
      description: '',
      hidden: false,
      appointmentTypeIDs: [8001],
      fields,
    };
    expect(formsReply.parse([form])).to.deep.equal([
      {
        id: 501,
        name: 'Intake',
        description: null,
        isInternal: false,
        appointmentTypeIds: [8001],
        fields: [{ id: 9101, name: 'Side', required: true, type: 'dropdown', options: ['Left', 'Right'] }],
      },
    ]);
  });

  it('reads the rest of a form when a part is malformed or absent', () => {
    const odd = {
      id: '501',
      name: null,
      hidden: 'true',
      appointmentTypeIDs: ['8001', null, 'x', 8002],
      fields: [
        { id: '9101', required: '1', type: 'signature', options: 'Left\r\nRight\n' },
        { id: 9102, name: 'Two', required: null, type: 'yesno', options: null },
        { id: 9103, name: 'Three', type: 'dropdown', options: [1, ' two ', null, ''] },
        { name: 'without an id' },
        'nothing',
      ],
    };
    const [form, ...others] = formsReply.parse([odd, null, { name: 'without an id' }]);
    expect(others).to.deep.equal([]);
    expect(form).to.deep.include({ id: 501, name: '', isInternal: true, appointmentTypeIds: [8001, 8002] });
    expect(form?.fields).to.deep.equal([
      { id: 9101, name: '', required: true, type: 'textbox', options: ['Left', 'Right'] },
      { id: 9102, name: 'Two', required: false, type: 'yesno', options: [] },
      { id: 9103, name: 'Three', required: false, type: 'dropdown', options: ['1', 'two'] },
    ]);
    expect(formsReply.parse([{ id: 1 }])[0]).to.deep.include({ appointmentTypeIds: [], fields: [] });
  });

  it('refuses a body that is no list', () => {
    expect(formsReply.safeParse({ forms: [] }).success).to.equal(false);
  });
});
