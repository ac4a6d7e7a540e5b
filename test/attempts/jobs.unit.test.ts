import { expect } from 'chai';
import { checkLateJob, settleAttemptJob } from '../../src/attempts/index.ts';

describe('jobs of an attempt', () => {
  const id = '0192f000-0000-7000-8000-000000000009';

  it('read the payload of jobs that versions before 0.3.0 queued', () => {
    for (const { payload } of [settleAttemptJob, checkLateJob])
      for (const given of [{ attemptId: id }, { intentionId: id }])
        expect(payload.parse(given)).to.deep.equal({ attemptId: id });
  });
});
