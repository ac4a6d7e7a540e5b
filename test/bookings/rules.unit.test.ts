import { expect } from 'chai';
import { systemIds } from '../../src/adapters/system-ids.ts';
import {
  canMove,
  maySee,
  meetingLinkIn,
  movesByHand,
  progresses,
  statusAfter,
  type Progress,
} from '../../src/bookings/index.ts';

// The agency's own table, repeated here on purpose.
const table: Record<Progress, Progress[]> = {
  scheduled: ['rescheduled', 'cancelled', 'no_show', 'generating_report'],
  rescheduled: ['rescheduled', 'cancelled', 'no_show', 'generating_report'],
  no_show: ['rescheduled', 'cancelled', 'generating_report'],
  generating_report: ['report_generated', 'cancelled'],
  report_generated: ['payment_received', 'generating_report'],
  payment_received: ['report_generated'],
  cancelled: [],
};

describe('booking progress', () => {
  for (const from of progresses) {
    it(`goes from ${from} to ${table[from].join(', ') || 'nothing'} only`, () => {
      const booking = { status: statusAfter(from), currentProgress: from };
      expect(progresses.filter((to) => canMove(booking, to))).to.have.members(table[from]);
    });
  }

  it('cannot be set by hand to what also changes the appointment in Acuity', () => {
    for (const from of progresses) {
      const byHand = movesByHand({ status: statusAfter(from), currentProgress: from });
      expect(byHand).to.not.include.members(['scheduled']);
      expect(byHand).to.not.include.members(['rescheduled']);
      expect(byHand).to.not.include.members(['cancelled']);
    }
  });

  it('cannot change when the booking is archived', () => {
    expect(
      progresses.filter((to) => canMove({ status: 'archived', currentProgress: 'scheduled' }, to)),
    ).to.deep.equal([]);
  });

  it('closes the booking when paid, cancels it when cancelled, and is active otherwise', () => {
    expect(statusAfter('payment_received')).to.equal('closed');
    expect(statusAfter('cancelled')).to.equal('cancelled');
    for (const other of progresses.filter((one) => !['payment_received', 'cancelled'].includes(one))) {
      expect(statusAfter(other)).to.equal('active');
    }
  });
});

describe('visibility of bookings', () => {
  const organization = { id: 'o1', name: 'Harbour Legal' };
  const viewer = {
    sessionId: 's',
    userId: 'u1',
    name: 'R',
    email: 'r@x.example',
    role: 'referrer',
    organization,
    actingAdmin: null,
  } as const;

  const northside = { id: 'o2', name: 'Northside Claims' };
  const staff = { ...viewer, role: 'support', organization: null } as const;

  it('maySee shows a referrer only the bookings of their present organisation', () => {
    expect(maySee(viewer, { organization })).to.equal(true);
    expect(maySee(viewer, { organization: northside })).to.equal(false);
    expect(maySee({ ...viewer, organization: northside }, { organization })).to.equal(false);
  });

  it('maySee shows only staff a booking that has no organisation yet', () => {
    expect(maySee(viewer, { organization: null })).to.equal(false);
    expect(maySee({ ...viewer, organization: null }, { organization: null })).to.equal(false);
    expect(maySee(staff, { organization: null })).to.equal(true);
    expect(maySee(staff, { organization })).to.equal(true);
  });
});

describe('meetingLinkIn', () => {
  it('returns the first web address in the text', () => {
    expect(meetingLinkIn('Join: https://zoom.example/j/1?pwd=x. Then wait')).to.equal(
      'https://zoom.example/j/1?pwd=x',
    );
    expect(meetingLinkIn('<https://meet.example/abc>')).to.equal('https://meet.example/abc');
    expect(meetingLinkIn('12 Ord Street')).to.equal(null);
    expect(meetingLinkIn('javascript:alert(1)')).to.equal(null);
    expect(meetingLinkIn(null)).to.equal(null);
  });
});

describe('ids', () => {
  it('are UUIDs of version 7, and sort by creation time', async () => {
    const first = systemIds.uuid();
    await new Promise((done) => setTimeout(done, 3));
    const second = systemIds.uuid();
    expect(first).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(first < second).to.equal(true);
  });

  it('references have no letters that look alike', () => {
    for (let made = 0; made < 500; made += 1) {
      expect(systemIds.reference()).to.match(/^EX-[2-9A-HJKMNP-TV-Z]{6}$/);
    }
  });
});
