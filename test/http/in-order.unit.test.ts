import { expect } from 'chai';
import type { Request, RequestHandler, Response } from 'express';
import { inOrder } from '../../src/http/in-order.ts';

describe('inOrder', () => {
  /** What was called, in order, and what the handlers passed on. */
  async function calledBy(...handlers: [name: string, RequestHandler][]): Promise<unknown[]> {
    const called: unknown[] = [];
    const named = handlers.map(
      ([name, handler]): RequestHandler =>
        (req, res, next) => {
          called.push(name);
          return handler(req, res, next);
        },
    );
    called.push(
      await new Promise((resolve) => {
        inOrder(...named)({} as Request, {} as Response, (error?: unknown) => resolve(error ?? 'passed on'));
      }),
    );
    return called;
  }
  const pass: RequestHandler = (_req, _res, next) => next();
  const passLater: RequestHandler = async (_req, _res, next) => {
    await Promise.resolve();
    next();
  };

  it('calls each handler after the one before, and passes on what none has answered', async () => {
    expect(await calledBy(['first', pass], ['second', passLater], ['third', pass])).to.deep.equal([
      'first',
      'second',
      'third',
      'passed on',
    ]);
  });

  it('calls no further handler when one throws, rejects or passes an error', async () => {
    const error = new Error('of a handler');
    const fails: RequestHandler[] = [
      () => {
        throw error;
      },
      () => Promise.reject(error),
      (_req, _res, next) => next(error),
    ];
    for (const fail of fails)
      for (const before of [pass, passLater])
        expect(await calledBy(['before', before], ['fails', fail], ['after', pass])).to.deep.equal([
          'before',
          'fails',
          error,
        ]);
  });
});
