import { expect } from 'chai';
import { createWindowReader } from '../../src/following/index.ts';
import { daysBetween } from '../../src/lib/dates.ts';
import { ok } from '../../src/lib/result.ts';
import type { Appointment } from '../../src/ports/acuity.ts';

type Find = Parameters<typeof createWindowReader>[0]['findAppointments'];

describe('createWindowReader', () => {
  /** Appointments a day; Acuity lists the latest of a window first, a hundred at most. */
  let aDay = 0;
  let calls: string[] = [];
  const findAppointments: Find = ({ minDate = '', maxDate = '', max = 100 }) => {
    calls.push(`${minDate}..${maxDate}`);
    const days = daysBetween(minDate, maxDate) + 1;
    const all = Array.from({ length: days * aDay }, (_, n) => {
      const startsAt = new Date(Date.parse(minDate) + Math.floor(n / aDay) * 86_400_000 + 3_600_000);
      return { id: startsAt.getTime() / 1_000 + (n % aDay), startsAt } as Appointment;
    });
    return Promise.resolve(ok(all.toReversed().slice(0, max)));
  };
  const read = async (reader: ReturnType<typeof createWindowReader>, from: string, to: string) => {
    calls = [];
    const found = await reader({ from, to }, []);
    return found.ok ? found.value.length : null;
  };

  it('begins with parts that fit into a page when the window before was busy', async () => {
    const reader = createWindowReader({ findAppointments });
    aDay = 38;
    expect(await read(reader, '2027-03-01', '2027-03-07')).to.equal(7 * 38);
    expect(calls[0]).to.equal('2027-03-01..2027-03-07');
    expect(await read(reader, '2027-03-08', '2027-03-14')).to.equal(7 * 38);
    expect(calls).to.deep.equal([
      '2027-03-08..2027-03-09',
      '2027-03-10..2027-03-11',
      '2027-03-12..2027-03-13',
      '2027-03-14..2027-03-14',
    ]);
  });

  it('returns to larger parts when the days are less busy, and misses nothing when they are busier', async () => {
    const reader = createWindowReader({ findAppointments });
    aDay = 38;
    await read(reader, '2027-03-01', '2027-03-07');
    aDay = 2;
    expect(await read(reader, '2027-03-08', '2027-03-14')).to.equal(7 * 2);
    expect(await read(reader, '2027-03-15', '2027-03-21')).to.equal(7 * 2);
    expect(calls).to.deep.equal(['2027-03-15..2027-03-21']);
    aDay = 90;
    expect(await read(reader, '2027-03-22', '2027-03-28')).to.equal(7 * 90);
  });
});
