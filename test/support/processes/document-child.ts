// A web process that SIGKILL ends at a chosen step of an upload, a scan or a removal; or the test ends it, at a request
// that its store receives.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { compose } from '../../../src/compose.ts';
import { readConfig } from '../../../src/config.ts';
import type { Scanner } from '../../../src/ports/scanner.ts';
import { createStops, killedAt, nextPlan } from '../child-pool.ts';
import { createFakeAcuity } from '../fakes/acuity.ts';
import { scannerThatSays } from '../fakes/scanner.ts';
import type { Plan } from './document-process.ts';

const plan = await nextPlan<Plan>();
const kill = killedAt(() => plan.killAt);
const stops = createStops();
const onStep = (reached: string) => Promise.all([kill(reached), stops.onStep(reached)]).then(() => undefined);

let verdict: 'clean' | 'infected' = 'clean';
const scanner: Scanner | null = plan.scans
  ? { ping: () => Promise.resolve(), scan: (content) => scannerThatSays(verdict).scan(content) }
  : null;

const server = createServer();
await new Promise<void>((resolve) => {
  server.listen(0, '127.0.0.1', resolve);
});
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const system = compose(readConfig({ ...process.env, BASE_URL: url }), {
  acuity: createFakeAcuity(),
  documents: { scanner, onStep, ...(plan.care && { retentionDays: 1 }) },
  ...(plan.care && { clock: { now: () => new Date(Date.now() + 36 * 3_600_000) } }),
});
server.on('request', system.app);
if (plan.care) {
  await new Promise((resolve) => {
    process.once('message', resolve);
    process.send?.({ url });
  });
  await system.services.documentCare[plan.care]();
  await system.close();
  process.exit(0);
}
// The test can say again and again where the next upload or scan is to stop.
process.on('message', (told: { stopAt: string } | { scan: string; verdict: 'clean' | 'infected' }) => {
  if ('scan' in told) {
    verdict = told.verdict;
    void system.services.documentCare.scan(told.scan);
    return;
  }
  stops.plan([told.stopAt]);
  process.send?.('planned');
});
process.send?.({ url });
