// A web process that stops at chosen steps of uploads, releases, scans and removals, or that the test ends at a request
// that its store receives.
import { createServer } from 'node:http';
import { compose } from '../../../src/compose.ts';
import { readConfig } from '../../../src/config.ts';
import type { Scanner } from '../../../src/ports/scanner.ts';
import { createStops, nextPlan } from '../child-pool.ts';
import { createFakeAcuity } from '../fakes/acuity.ts';
import { scannerThatSays } from '../fakes/scanner.ts';
import type { Order, Plan } from './document-process.ts';
import { listen } from '../listen.ts';

const plan = await nextPlan<Plan>();
const stops = createStops();
let verdict: 'clean' | 'infected' = 'clean';
let clockAheadMs = 0;
const scanner: Scanner | null = plan.scans
  ? { ping: () => Promise.resolve(), scan: (content) => scannerThatSays(verdict).scan(content) }
  : null;

const server = createServer();
const url = `http://127.0.0.1:${await listen(server)}`;
const system = compose(readConfig({ ...process.env, BASE_URL: url }), {
  acuity: createFakeAcuity(),
  documents: { scanner, onStep: stops.onStep, retentionDays: 1 },
  clock: { now: () => new Date(Date.now() + clockAheadMs) },
});
server.on('request', system.app);
const { documentCare } = system.services;
// The test can say again and again where the next work is to stop.
process.on('message', (told: Order) => {
  if ('stopAt' in told) {
    stops.plan([told.stopAt]);
    process.send?.('planned');
  } else if ('scan' in told) {
    verdict = told.verdict;
    void documentCare.scan(told.scan);
  } else {
    clockAheadMs = 36 * 3_600_000;
    void documentCare[told.care]();
  }
});
process.send?.({ url });
