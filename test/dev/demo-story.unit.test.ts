import { expect } from 'chai';
import { Temporal } from 'temporal-polyfill';
import { cases } from '../../seeds/demo/cases.ts';
import { dayOfFirstStart, tellStory, type Examination } from '../../seeds/demo/examinations.ts';
import { findType } from '../../src/simulator/fixture.ts';

/** Two weeks around the turn of the year, and two around the end of daylight-saving time. */
const firstDays = [
  ...['2026-12-25', '2026-12-26', '2026-12-27', '2026-12-28', '2026-12-29', '2026-12-30', '2026-12-31'],
  ...['2027-01-01', '2027-03-29', '2027-03-30', '2027-04-01', '2027-04-03', '2027-04-04', '2027-04-05'],
];

describe('the story of the demo', () => {
  for (const firstDay of firstDays) {
    describe(`told from ${firstDay}`, () => {
      const { examinations, episode } = tellStory(firstDay);
      const midnight =
        Temporal.PlainDate.from(firstDay).toZonedDateTime('Australia/Sydney').epochMilliseconds;

      it('places three examinations on that day, and the others on business days between 70 days before and 40 after', () => {
        const today = examinations.filter((one) => dayOf(one) === firstDay);
        expect(today).to.have.length(3);
        for (const one of examinations.filter((each) => !today.includes(each))) {
          expect(weekday(one), dayOf(one)).to.be.at.most(5);
          const days = Temporal.PlainDate.from(firstDay).until(dayOf(one), { largestUnit: 'days' }).days;
          expect(days).to.be.within(-70, 40);
          expect(Math.sign(days), dayOf(one)).to.equal(Math.sign(one.row.day));
        }
      });

      it('never examines two people at once', () => {
        const held = examinations.filter(({ row }) => row.stage !== 'cancelled');
        for (const one of held)
          for (const other of held)
            if (one !== other && one.calendar.id === other.calendar.id)
              expect(overlap(one, other)).to.equal(false);
      });

      it('tells each history in order, and nothing that has not happened yet', () => {
        for (const one of examinations) {
          const { bookedAt, moved, cancelledAt, startsAt, writingSince, reportedAt, paidAt } = one;
          const isAhead = startsAt.getTime() >= midnight;
          const steps = [
            bookedAt,
            moved?.at,
            cancelledAt,
            isAhead ? null : startsAt,
            writingSince,
            reportedAt,
            paidAt,
          ]
            .filter((at) => at instanceof Date)
            .map((at) => at.getTime());
          expect(steps, one.reference).to.deep.equal(steps.toSorted((a, b) => a - b));
          expect(steps.at(-1), one.reference).to.be.below(midnight);
        }
        expect(episode.endedAt.getTime()).to.be.below(midnight);
      });
    });
  }

  it('is the same each time', () => {
    expect(tellStory('2026-12-01')).to.deep.equal(tellStory('2026-12-01'));
  });

  it('gives every examination its own reference', () => {
    const references = tellStory('2026-12-01').examinations.map(({ reference }) => reference);
    expect(new Set(references).size).to.equal(cases.length);
  });

  it('begins with Sydney’s day', () => {
    expect(dayOfFirstStart(new Date('2026-11-30T14:00:00Z'))).to.equal('2026-12-01');
  });
});

function localStart({ startsAt, calendar }: Examination): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(startsAt.getTime()).toZonedDateTimeISO(calendar.timezone);
}

const dayOf = (one: Examination): string => localStart(one).toPlainDate().toString();
const weekday = (one: Examination): number => localStart(one).dayOfWeek;

function overlap(one: Examination, other: Examination): boolean {
  const end = ({ startsAt, typeId, durationMinutes }: Examination) =>
    startsAt.getTime() + (durationMinutes + (findType(typeId)?.paddingAfter ?? 0)) * 60_000;
  return one.startsAt.getTime() < end(other) && other.startsAt.getTime() < end(one);
}
