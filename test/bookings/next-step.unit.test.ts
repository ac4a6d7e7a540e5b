import { expect } from 'chai';
import type { Viewer } from '../../src/accounts/index.ts';
import type { Booking } from '../../src/bookings/index.ts';
import { moverWords, titleParts } from '../../src/http/pages/bookings/booking-words.ts';
import { mayAddToCalendar } from '../../src/http/pages/bookings/show.page.ts';
import { nextStep } from '../../src/http/pages/bookings/next-step.ts';
import type {
  DocumentRow,
  DocumentsSection,
  PaperLine,
} from '../../src/http/pages/documents/documents-section.ts';

const booking = {
  id: 'b1',
  specialist: { id: 's', name: 'Dr Amelia Hart', specialty: 'Orthopaedic surgery' },
  organization: { id: 'o', name: 'Harbour Legal' },
  examinee: { firstName: 'Maria', lastName: 'Santos' },
  startsAt: new Date('2026-12-08T09:00:00+11:00'),
  durationMinutes: 60,
  timezone: 'Australia/Sydney',
  type: 'in_person',
  status: 'active',
  currentProgress: 'scheduled',
  detailsNeeded: false,
} as unknown as Booking;
const referrer = { role: 'referrer' } as Viewer;
const support = { role: 'support' } as Viewer;
const report = { id: 'd1', category: 'report', isDraft: false, state: null } as DocumentRow;

function next(
  change: Partial<Booking>,
  at: string,
  rows: DocumentRow[] = [],
  viewer = referrer,
  papers: PaperLine[] = [],
  wroteAt: Date | null = null,
) {
  const section = { rows, papers, upload: {} } as unknown as DocumentsSection;
  return nextStep({ ...booking, ...change }, section, viewer, new Date(at), wroteAt);
}
const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('nextStep', () => {
  it('names the day and the time in the zone of the examination', () => {
    // Still Sunday in Perth, already Monday in Sydney.
    expect(plain(next({}, '2026-12-06T23:30:00+08:00').sentence)).to.equal(
      'The examination is tomorrow at 9:00 am AEDT.',
    );
    expect(plain(next({}, '2026-12-08T08:00:00+11:00').sentence)).to.equal(
      'The examination is today at 9:00 am AEDT.',
    );
    expect(plain(next({}, '2026-12-01T08:00:00+11:00').sentence)).to.equal(
      'The examination is on Tue 8 Dec, 9:00 am AEDT.',
    );
    expect(next({}, '2026-12-08T09:30:00+11:00').sentence).to.contain('now');
    expect(next({}, '2026-12-08T10:00:00+11:00').sentence).to.contain('report comes next');
  });

  it('names what is missing and by when', () => {
    const at = '2026-12-01T08:00:00+11:00';
    const consent: PaperLine = {
      name: 'Consent form',
      isThere: false,
      words: 'Consent form late',
      note: 'due Mon 30 Nov',
      tone: 'danger',
    };
    const brief: PaperLine = {
      name: 'Brief',
      isThere: false,
      words: 'Brief due Thu 3 Dec',
      note: '2 business days left',
      tone: 'info',
    };
    const missing = 'Consent form late (due Mon 30 Nov), brief due Thu 3 Dec.';
    expect(next({}, at, [], referrer, [consent, brief]).sentence).to.match(/\. Consent form late/);
    expect(next({}, at, [], referrer, [consent, brief]).sentence.endsWith(missing)).to.equal(true);
    expect(next({}, at, [], referrer, [{ ...brief, isThere: true }]).sentence).not.to.contain('rief');
  });

  it('offers to upload what is late or nearly due', () => {
    const paper = (name: string, tone: PaperLine['tone'], isThere = false) =>
      ({ name, tone, isThere, words: `${name} ${tone}`, note: null }) as PaperLine;
    const action = (...papers: PaperLine[]) =>
      next({}, '2026-12-01T08:00:00+11:00', [], referrer, papers).action?.label;
    expect(action(paper('Consent form', 'danger'), paper('Brief', 'warn'))).to.equal(
      'Upload the consent form and the brief',
    );
    expect(action(paper('Consent form', 'ok', true), paper('Brief', 'info'))).to.equal(
      'Instructions for the examinee',
    );
  });

  it('offers the report as soon as the viewer may download it', () => {
    const at = '2026-12-20T09:00:00+11:00';
    const change = { currentProgress: 'report_generated' as const };
    expect(next(change, at).action).to.equal(null);
    expect(next(change, at, [{ ...report, state: 'Being checked for viruses' }]).action).to.equal(null);
    expect(next(change, at, [report]).action).to.deep.include({ href: '/documents/d1', isDownload: true });
  });

  it('offers another time when the examinee did not attend', () => {
    const step = next({ currentProgress: 'no_show' }, '2026-12-09T09:00:00+11:00');
    expect(step.action).to.deep.include({ href: '/bookings/b1/reschedule' });
  });

  describe('with details needed', () => {
    const at = '2026-12-01T08:00:00+11:00';
    const examinee = { firstName: 'Maria', lastName: 'Santos', phone: '+61491570313', email: null };
    const lacking = (
      change: object,
      viewer = referrer,
      booked: Partial<Booking> = {},
      wroteAt: Date | null = null,
    ) =>
      next(
        { detailsNeeded: true, examinee: { ...examinee, ...change } as Booking['examinee'], ...booked },
        at,
        [],
        viewer,
        [],
        wroteAt,
      );

    it('names what is missing or cannot be read to the referrer, and leads to the messages', () => {
      const step = lacking({ lastName: '', phone: '+61 412 345 678 or +61 412 345 679' });
      expect(plain(step.sentence)).to.equal(
        'The examination is on Tue 8 Dec, 9:00 am AEDT. We need the examinee’s last name and phone number from you.',
      );
      expect(step.action).to.deep.equal({ label: 'Send it in a message', href: '#messages' });
      const written = lacking({ phone: '' }, referrer, { currentProgress: 'generating_report' });
      expect(written.sentence).to.match(/ready\. We need the examinee’s phone number from you\.$/);
    });

    it('names a message that may have what is missing, until the agency has answered it', () => {
      const step = lacking({ phone: '' }, referrer, {}, new Date('2026-11-30T15:05:00+11:00'));
      expect(plain(step.sentence)).to.equal(
        'The examination is on Tue 8 Dec, 9:00 am AEDT. We need the examinee’s phone number. If your message of Mon 30 Nov, 3:05 pm AEDT names it, you do not need to do anything: we enter it.',
      );
      expect(step).to.deep.include({
        tone: 'info',
        action: { label: 'Read the messages', href: '#messages' },
      });
    });

    it('asks nothing of the referrer when nothing is missing, or when the booking is over', () => {
      const checked = lacking({});
      expect(checked.sentence).to.contain('You do not need to do anything.');
      expect(checked.action).to.deep.include({ label: 'Instructions for the examinee' });
      for (const booked of [
        { currentProgress: 'no_show' },
        { currentProgress: 'payment_received' },
        { currentProgress: 'cancelled', status: 'cancelled' },
      ] as const)
        expect(lacking({ phone: '' }, referrer, booked).sentence).not.to.contain('We need');
    });

    it('tells staff whether something is missing, or is to be compared with Acuity', () => {
      expect(lacking({ phone: '' }, support).sentence).to.equal(
        'Details of this booking are missing: phone number.',
      );
      expect(lacking({}, support).sentence).to.contain('compared with the appointment in Acuity');
    });
  });

  it('tells staff first what waits for them', () => {
    const at = '2026-12-09T09:00:00+11:00';
    const forStaff = (change: Partial<Booking>, rows: DocumentRow[] = []) => next(change, at, rows, support);
    expect(forStaff({ organization: null }).sentence).to.contain('needs a referrer');
    expect(forStaff({ detailsNeeded: true }).sentence).to.contain('Details');
    expect(forStaff({}).sentence).to.contain('Record how it went');
    const draft = { ...report, isDraft: true, mayRelease: true };
    expect(forStaff({ currentProgress: 'report_generated' }, [draft]).action).to.deep.include({
      href: '/documents/d1/release',
    });
    expect(forStaff({ currentProgress: 'generating_report' }).sentence).to.contain('Upload it');
  });
});

describe('mayAddToCalendar', () => {
  const offered = (change: Partial<Booking>, at: string) =>
    mayAddToCalendar({ ...booking, ...change }, new Date(at));

  it('is true until the examination has ended or was cancelled', () => {
    expect(offered({}, '2026-12-08T09:30:00+11:00')).to.equal(true);
    expect(offered({}, '2026-12-09T09:00:00+11:00')).to.equal(false);
    expect(offered({ status: 'cancelled' }, '2026-12-01T09:00:00+11:00')).to.equal(false);
  });
});

describe('titleParts', () => {
  const now = new Date('2026-12-01T00:00:00Z');
  const parts = (change: Partial<Booking>, readerZone: string | null = null) =>
    titleParts({ ...booking, ...change }, { now, readerZone }).map(plain);

  it('are the examinee, the specialist by family name, and the day without this year', () => {
    expect(parts({})).to.deep.equal(['Maria Santos', 'Dr Hart', 'Tue 8 Dec, 9:00 am']);
    expect(parts({ startsAt: new Date('2027-01-05T09:00:00+11:00') })[2]).to.equal('Tue 5 Jan 2027, 9:00 am');
  });

  it('say the zone of the time when the reader’s clock shows another', () => {
    expect(parts({}, 'Australia/Perth')[2]).to.equal('Tue 8 Dec, 9:00 am AEDT');
    for (const zone of ['Australia/Sydney', 'Australia/Melbourne'])
      expect(parts({}, zone)[2]).to.equal('Tue 8 Dec, 9:00 am');
  });

  it('keep a specialist’s name whole when its family name is not certain', () => {
    for (const name of ['Dr Ludwig van Beek', 'Nguyen Van An', 'Dr Who'])
      expect(parts({ specialist: { ...booking.specialist, name } })[1]).to.equal(name);
  });
});

describe('moverWords', () => {
  it('names who moved the booking, and the calendar when nobody here did', () => {
    const rita = { id: 'rita', name: 'Rita Shaw' };
    const ada = { id: 'ada', name: 'Ada Fox' };
    const words = (
      changedBy: typeof rita | null,
      changedFor: typeof rita | null,
      source: 'portal' | 'acuity' | 'reconciliation',
    ) => moverWords({ changedBy, changedFor, source }, 'rita');
    expect(words(rita, null, 'portal')).to.equal('You moved it');
    expect(words(ada, null, 'portal')).to.equal('Ada Fox moved it');
    expect(words(rita, ada, 'portal')).to.equal('Rita Shaw, assisted by Ada Fox, moved it');
    expect(words(null, null, 'acuity')).to.equal('It was moved in the specialist’s calendar');
    expect(words(null, null, 'reconciliation')).to.equal('It was moved in the specialist’s calendar');
    expect(words(null, null, 'portal')).to.equal('It was moved');
  });
});
