import { expect } from 'chai';
import { withTimeout } from '../../src/lib/timeout.ts';

const never = new Promise<string>(() => undefined);

describe('withTimeout', () => {
  it('returns the result of work that is in time', async () => {
    expect(await withTimeout(Promise.resolve('done'), 60_000, () => 'late')).to.equal('done');
  });

  it('returns the other value when work does not end', async () => {
    expect(await withTimeout(never, 1, () => 'late')).to.equal('late');
  });

  it('throws what the other function throws when work does not end', async () => {
    const late = withTimeout(never, 1, () => {
      throw new Error('too late');
    });
    expect(await late.catch((error: Error) => error.message)).to.equal('too late');
  });

  it('throws the error of work that fails in time', async () => {
    const failed = withTimeout(Promise.reject(new Error('failed')), 60_000, () => 'late');
    expect(await failed.catch((error: Error) => error.message)).to.equal('failed');
  });
});
