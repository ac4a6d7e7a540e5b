// An answer of the server that reaches the page late: the server has made it, and other requests overtake it.
import type { Page, Request } from 'playwright-core';

export interface HeldAnswer {
  /** Resolves when the server has answered the page's next GET of the address. */
  isMade: Promise<void>;
  /** Gives it to the page, and resolves when the page's scripts have had it. */
  release(): Promise<void>;
}

export async function holdAnswer(page: Page, address: string): Promise<HeldAnswer> {
  const made = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const given = Promise.withResolvers<Request>();
  let isHeld = false;
  await page.route(address, async (route) => {
    if (isHeld || route.request().method() !== 'GET') return route.fallback();
    isHeld = true;
    const response = await route.fetch();
    made.resolve();
    await released.promise;
    await route.fulfill({ response });
    given.resolve(route.request());
  });
  return {
    isMade: made.promise,
    async release() {
      released.resolve();
      const response = await (await given.promise).response();
      await response?.finished();
      // The page reads the body, and acts on it, in tasks of its own.
      await page.evaluate(`fetch('/img/mark.svg', { cache: 'no-store' }).then((answer) => answer.text())`);
    },
  };
}
