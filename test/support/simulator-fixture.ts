// A separate simulated Acuity that the test controls, for tests of its rules.
import { expect } from 'chai';
import { startSimulator, type Simulator } from '../../src/simulator/index.ts';

const credentials = { userId: '11100001', apiKey: 'demo-acuity-key' };
const authorization = `Basic ${Buffer.from('11100001:demo-acuity-key').toString('base64')}`;

/** Free on calendars 7001 and 7007, a week and a day after the clock at the start. */
export const tuesdayAtNine = '2026-12-01T09:00:00+1100';
export const tuesdayAtTen = '2026-12-01T10:10:00+1100';

export interface Reply {
  status: number;
  body: Record<string, unknown>;
}

export interface SimulatorFixture {
  simulator: Simulator;
  /** A request to `/_sim` that must succeed. */
  control(where: string, body: object): Promise<void>;
  raw(method: string, where: string, body?: string): Promise<Reply>;
  api(method: string, where: string, body?: unknown): Promise<Reply>;
  list(where: string): Promise<Record<string, unknown>[]>;
  /** The body of a booking that a client may make. */
  bookingBody(change?: object): Record<string, unknown>;
  /** Makes an appointment with it; returns its id. */
  book(change?: object): Promise<number>;
}

/** Its clock is at 2026-11-23T00:00Z until `control('clock', …)` moves it. */
export async function openSimulatorFixture(): Promise<SimulatorFixture> {
  const simulator = await startSimulator({
    port: 0,
    ...credentials,
    now: () => new Date('2026-11-23T00:00:00Z'),
  });
  const fixture: SimulatorFixture = {
    simulator,
    async control(where, body) {
      const answer = await fetch(`${simulator.url}/_sim/${where}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(answer.status, where).to.equal(200);
    },
    async raw(method, where, body) {
      const answer = await fetch(`${simulator.url}/api/v1${where}`, {
        method,
        headers: { authorization, 'content-type': 'application/json' },
        ...(body !== undefined && { body }),
      });
      const text = await answer.text();
      return { status: answer.status, body: JSON.parse(text || '{}') as Record<string, unknown> };
    },
    api: (method, where, body) => fixture.raw(method, where, JSON.stringify(body)),
    list: async (where) => (await fixture.api('GET', where)).body as unknown as Record<string, unknown>[],
    bookingBody: (change = {}) => ({
      datetime: tuesdayAtNine,
      appointmentTypeID: 8001,
      calendarID: 7001,
      firstName: 'Rita',
      lastName: 'Alvarez',
      email: 'rita@harbour-legal.example',
      ...change,
    }),
    async book(change = {}) {
      const made = await fixture.api('POST', '/appointments', fixture.bookingBody(change));
      expect(made.status, JSON.stringify(made.body)).to.equal(200);
      return Number(made.body.id);
    },
  };
  return fixture;
}

export const refusal = (error: string, message: string): Reply => ({
  status: 400,
  body: { status_code: 400, message, error },
});
