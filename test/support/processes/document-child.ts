// A web process that SIGKILL ends at a chosen step of an upload, a scan or a removal; or the test ends it, at a request
// that its store receives.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { compose } from '../../../src/compose.ts';
import { readConfig } from '../../../src/config.ts';
import type { Scanner } from '../../../src/ports/scanner.ts';
import { killedAt, nextPlan } from '../child-pool.ts';
import { createFakeAcuity } from '../fakes/acuity.ts';
import type { Plan } from './document-process.ts';

const plan = await nextPlan<Plan>();
const onStep = killedAt(() => plan.killAt);

const { verdict } = plan;
const scanner: Scanner | null = verdict
  ? {
      ping: () => Promise.resolve(),
      async scan(content) {
        for await (const _ of content as AsyncIterable<Buffer>);
        return verdict === 'clean' ? { verdict } : { verdict, signature: 'Test' };
      },
    }
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
if (plan.scan) {
  await system.services.documentCare.scan(plan.scan);
  await system.close();
  process.exit(0);
}
if (plan.care) {
  await new Promise((resolve) => {
    process.once('message', resolve);
    process.send?.({ url });
  });
  await system.services.documentCare[plan.care]();
  await system.close();
  process.exit(0);
}
process.send?.({ url });
