import { createRequire } from 'node:module';
import { expect } from 'chai';
import type { Database } from '../../src/db/knex.ts';
import { createMeters } from '../../src/metrics/index.ts';

const hooks = createRequire(import.meta.url)('node:perf_hooks') as typeof import('node:perf_hooks');

describe('the metrics of a process', () => {
  it('watch its event loop once, however many apps it has, and are in the text of each', async () => {
    const away = { raw: () => Promise.reject(new Error('Nobody asks the database here')) };
    const { monitorEventLoopDelay } = hooks;
    let watches = 0;
    hooks.monitorEventLoopDelay = (options) => {
      watches += 1;
      return monitorEventLoopDelay(options);
    };
    let apps;
    try {
      apps = Array.from({ length: 3 }, () => createMeters(away as unknown as Database, {}));
    } finally {
      hooks.monitorEventLoopDelay = monitorEventLoopDelay;
    }
    expect(watches).to.be.at.most(1);
    for (const meters of apps) {
      const text = await meters.text();
      expect(text).to.match(/^nodejs_eventloop_lag_p99_seconds [\d.e+-]+$/m);
      expect(text).to.include('\nprocess_start_time_seconds ');
    }
  });
});
