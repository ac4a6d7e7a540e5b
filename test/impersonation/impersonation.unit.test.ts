import { expect } from 'chai';
import type { Actor } from '../../src/accounts/index.ts';
import { createImpersonation, type ImpersonationDeps } from '../../src/impersonation/index.ts';

describe('the start of acting', () => {
  it('loads better-auth before it locks anything, so that nobody waits for that', async () => {
    const order: string[] = [];
    const deps = {
      db: {
        transaction: () => {
          order.push('transaction');
          return Promise.reject(new Error('enough'));
        },
      },
      auth: () => {
        order.push('better-auth');
        return Promise.resolve({ api: {} });
      },
    } as unknown as ImpersonationDeps;
    const admin = { viewer: { userId: 'ada', actingAdmin: null } } as unknown as Actor;
    await createImpersonation(deps)
      .start(admin, new Headers(), 'rita', 'On the phone')
      .catch(({ message }: Error) => order.push(message));
    expect(order).to.deep.equal(['better-auth', 'transaction', 'enough']);
  });
});
