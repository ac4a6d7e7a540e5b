import { expect } from 'chai';
import { readEdit } from '../../src/lib/typed-edit.ts';
import {
  addedFields,
  newSpecialist,
  serviceFields,
  specialistFields,
} from '../../src/specialists/specialist.input.ts';
import type { WantedServices } from '../../src/specialists/index.ts';

describe('what admins type of a specialist', () => {
  const edit = (sent: object) => readEdit(specialistFields.shape, newSpecialist, { ...sent });
  const errorAt = (sent: object) => {
    const read = edit(sent);
    return read.ok ? null : read.errors[0];
  };

  it('is tidied; an empty optional field is null', () => {
    expect(
      edit({ name: ' Dr  Roy', title: '', location: ' 1 Elm\u00a0Street ', examines: ' Knees\r\nHips ' }),
    ).to.deep.equal({
      ok: true,
      value: { name: 'Dr Roy', location: '1 Elm Street', examines: 'Knees\nHips' },
    });
  });

  it('has a name and a specialty, each of a line', () => {
    for (const [sent, message] of [
      [{ name: 'X' }, 'Enter a name'],
      [{ name: 'x'.repeat(121) }, 'Use at most 120 characters'],
      [{ specialty: '?' }, 'Enter a specialty'],
      [{ name: 7 }, 'Enter a name'],
    ] as const)
      expect(errorAt(sent)?.message, JSON.stringify(sent)).to.equal(message);
  });

  it('has limits for each field', () => {
    for (const [name, longest] of Object.entries({
      title: 40,
      location: 300,
      qualifications: 300,
      languages: 200,
      examines: 2_000,
    })) {
      expect(errorAt({ [name]: 'x'.repeat(longest) }), name).to.equal(null);
      expect(errorAt({ [name]: 'x'.repeat(longest + 1) })?.path).to.equal(name);
    }
    expect(errorAt({ position: '10001' })?.message).to.equal('Enter at most 10,000');
    expect(errorAt({ position: '-1' })?.message).to.equal('Enter a whole number');
    for (const reportDays of ['0', '366', 'soon'])
      expect(errorAt({ reportDays })?.message).to.equal('Enter 1 to 365 days, or nothing');
    expect(errorAt({ isActive: 'perhaps' })?.message).to.equal(
      'Choose whether the specialist takes new bookings',
    );
  });

  it('is offered as an appointment type of Acuity or not at all', () => {
    const none: WantedServices = { in_person: null, telehealth: null };
    expect(readEdit(serviceFields.shape, none, { in_person: '99', telehealth: '' })).to.deep.equal({
      ok: true,
      value: { in_person: 99 },
    });
    expect(readEdit(serviceFields.shape, none, { telehealth: true })).to.have.property('ok', false);
  });

  it('needs a calendar at first, while the profile may follow later', () => {
    const { name, title, specialty, location, position, isActive } = newSpecialist;
    const given = { name, title: title ?? '', specialty, location: location ?? '', position, isActive };
    const added = addedFields.safeParse({
      ...given,
      name: 'Dr Roy',
      specialty: 'Neurology',
      calendarId: '7009',
    });
    expect(added.data).to.deep.equal({
      name: 'Dr Roy',
      title: null,
      specialty: 'Neurology',
      location: null,
      position: 100,
      isActive: true,
      calendarId: 7009,
    });
    const without = addedFields.safeParse({
      ...given,
      name: 'Dr Roy',
      specialty: 'Neurology',
      calendarId: '',
    });
    expect(without.error?.issues[0]?.message).to.equal('Choose a calendar');
  });
});
