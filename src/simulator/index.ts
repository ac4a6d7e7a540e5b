// A simulated Acuity: the API v1 over real HTTP, pages for the clinic's staff, and a control API for tests.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { apiRouter, type Call } from './api.ts';
import { controlRouter } from './control.ts';
import { createFaults } from './faults.ts';
import { createLimits } from './limits.ts';
import { openStore, type SimulatedState, type StoredAppointment } from './state.ts';
import { createWebhooks, type WebhookTarget, type Webhooks } from './webhooks.ts';
import { defaultSwitches, type World } from './world.ts';
import { staffPages } from './staff-pages.ts';

export { meetingLinkOf } from './appointment-view.ts';
export { openSlots } from './slots.ts';
export { firstId, type StoredAppointment } from './state.ts';
export { sign } from './webhooks.ts';
export type { WebhookTarget } from './webhooks.ts';

export interface SimulatorOptions {
  /** 0: a free port. */
  port: number;
  /** Default 127.0.0.1. */
  host?: string;
  userId: string;
  /** Accepted as the password of `userId`; also signs the webhooks. */
  apiKey: string;
  /** Where the state is kept between starts; unset: in memory. */
  stateFile?: string;
  webhookTargets?: WebhookTarget[];
  now?: () => Date;
}

export interface Simulator {
  url: string;
  port: number;
  state: SimulatedState;
  /** Appointments that the practice has from the start; no webhook announces them. */
  loadFixture(appointments: StoredAppointment[]): void;
  close(): Promise<void>;
}

export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { userId, apiKey } = options;
  const realNow = options.now ?? (() => new Date());
  let clockAheadMs = 0;
  const store = openStore(options.stateFile);
  const base = {
    store,
    switches: defaultSwitches(),
    now: () => new Date(realNow().getTime() + clockAheadMs),
  };
  const webhooks: Webhooks = createWebhooks(base, apiKey, options.webhookTargets ?? []);
  const world: World = {
    ...base,
    announce(appointmentId, specific) {
      const one = store.state.appointments.find(({ id }) => id === appointmentId);
      if (one) webhooks.announce(one, specific);
    },
  };
  const calls: Call[] = [];
  const faults = createFaults();

  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.use(
    '/api/v1',
    apiRouter({ world, webhooks, faults, limits: createLimits(), calls, credentials: { userId, apiKey } }),
  );
  const setClock = (now: Date | null): void => {
    clockAheadMs = now ? now.getTime() - realNow().getTime() : 0;
  };
  app.use('/_sim', controlRouter({ world, webhooks, faults, calls, setClock }));
  app.use(staffPages(world, webhooks));

  const server = createServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host ?? '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host ?? '127.0.0.1'}:${port}`,
    port,
    get state() {
      return store.state;
    },
    loadFixture: (appointments) => store.loadFixture(appointments),
    async close() {
      webhooks.stop();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
