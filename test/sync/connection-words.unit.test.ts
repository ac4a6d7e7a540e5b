import { expect } from 'chai';
import { nextSteps } from '../../src/sync/index.ts';

const bare: Parameters<typeof nextSteps>[0] = {
  states: [],
  others: [],
  account: null,
  reach: 'ours',
  calendars: {
    count: 2,
    free: [{ id: 7001, name: 'Dr Hart', timezone: 'Australia/Sydney', location: null }],
  },
  typeCount: 3,
  questions: { formCount: 1, questionCount: 4, unmapped: ['Booking reference'], isSaved: false },
};
const specialist = {
  at: 'specialists',
  text: 'Add a specialist for each calendar that has none: Dr Hart',
};
const questions = {
  at: 'questions',
  text: 'Say which question is which detail. Without a question so far: Booking reference',
};

describe('nextSteps', () => {
  it('lists each step once, specialists before questions, when both are missing', () => {
    expect(nextSteps(bare)).to.deep.equal([specialist, questions]);
  });

  it('asks for a calendar and a form once each when Acuity has neither', () => {
    const steps = nextSteps({
      ...bare,
      calendars: { count: 0, free: [] },
      questions: { formCount: 0, questionCount: 0, unmapped: ['Booking reference'], isSaved: false },
    });
    expect(steps.map(({ text }) => text.split(':')[0])).to.deep.equal([
      'Acuity has no calendar',
      'Acuity has no form',
    ]);
  });
});
