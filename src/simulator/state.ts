// The simulator's state, in memory or in a file. The file is written before a request is answered, so that an answered
// change survives a SIGKILL.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { IntakeForm } from './fixture.ts';

export interface StoredAppointment {
  id: number;
  firstName: string;
  lastName: string;
  phone: string;
  email: string;
  appointmentTypeID: number;
  calendarID: number;
  /** Instants are stored as ISO strings in UTC. */
  datetime: string;
  createdAt: string;
  duration: number;
  timezone: string;
  location: string;
  notes: string;
  canceled: boolean;
  noShow: boolean;
  scheduledBy: string | null;
  answers: { id: number; fieldID: number; value: string }[];
  /** When its slot can be booked again: a cancellation frees the slot only after `slotLagMs`. */
  slotFreeAt?: string;
}

export interface StoredBlock {
  id: number;
  calendarID: number;
  start: string;
  end: string;
  notes: string;
}

export interface Subscription {
  id: number;
  event: string;
  target: string;
  status: 'active' | 'disabled';
  /** When the current run of failed deliveries began. */
  failingSince: string | null;
}

export interface Delivery {
  id: number;
  target: string;
  body: string;
  signature: string;
  action: string;
  appointmentID: number;
  /** One entry for each attempt: an HTTP status or `failed`. */
  attempts: { at: string; status: number | 'failed' }[];
  state: 'waiting' | 'delivered' | 'refused' | 'given_up';
}

export interface SimulatedState {
  nextId: number;
  appointments: StoredAppointment[];
  blocks: StoredBlock[];
  subscriptions: Subscription[];
  clients: { firstName: string; lastName: string; phone: string; email: string; notes: string }[];
  /** Forms that were added to the fixture's, or that replace one of them. */
  forms: IntakeForm[];
  /** The appointments that the practice has from the start; a reset brings them back. */
  fixture: StoredAppointment[];
}

export interface Store {
  state: SimulatedState;
  newId(): number;
  save(): void;
  reset(): void;
  /** Puts these appointments in the place of an earlier fixture's. */
  loadFixture(appointments: StoredAppointment[]): void;
}

const empty = (nextId: number, fixture: StoredAppointment[] = []): SimulatedState => ({
  nextId,
  fixture,
  appointments: structuredClone(fixture),
  blocks: [],
  subscriptions: [],
  clients: [],
  forms: [],
});

/** Lower ids are a fixture's. */
export const firstId = 1_700_000_101;

export function openStore(file: string | undefined): Store {
  const store: Store = {
    state: file ? read(file) : empty(firstId),
    newId() {
      store.state.nextId += 1;
      return store.state.nextId - 1;
    },
    save() {
      if (!file) return;
      const temporary = `${file}.new`;
      writeFileSync(temporary, JSON.stringify(store.state), { mode: 0o600 });
      renameSync(temporary, file);
    },
    reset() {
      // Keeps counting: an appointment's id is never reused.
      store.state = empty(store.state.nextId, store.state.fixture);
      store.save();
    },
    loadFixture(appointments) {
      const before = new Set(store.state.fixture.map(({ id }) => id));
      const others = store.state.appointments.filter(({ id }) => !before.has(id));
      store.state.fixture = appointments;
      store.state.appointments = [...structuredClone(appointments), ...others];
      store.save();
    },
  };
  if (file) mkdirSync(dirname(file), { recursive: true });
  return store;
}

function read(file: string): SimulatedState {
  try {
    return { ...empty(firstId), ...(JSON.parse(readFileSync(file, 'utf8')) as SimulatedState) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return empty(firstId);
    throw new Error(
      `The simulator's state in ${file} cannot be read; remove it to start with an empty state`,
      {
        cause: error,
      },
    );
  }
}
