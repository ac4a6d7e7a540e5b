// What the simulated Acuity remembers, in memory or in a file. A file is written before anything is acknowledged:
// what was answered survives even a SIGKILL.
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
  /** Instants are kept as ISO strings in UTC. */
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
  /** When its slot may be booked again (slot lag after a cancellation). */
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
  /** Since when every delivery failed. */
  failingSince: string | null;
}

export interface Delivery {
  id: number;
  target: string;
  body: string;
  signature: string;
  action: string;
  appointmentID: number;
  /** One entry an attempt, as an HTTP status or `failed`. */
  attempts: { at: string; status: number | 'failed' }[];
  state: 'waiting' | 'delivered' | 'refused' | 'given_up';
}

export interface SimulatedState {
  nextId: number;
  appointments: StoredAppointment[];
  blocks: StoredBlock[];
  subscriptions: Subscription[];
  clients: { firstName: string; lastName: string; phone: string; email: string; notes: string }[];
  /** Forms that were added to those of the fixture, or that replace one of them. */
  forms: IntakeForm[];
}

export interface Store {
  state: SimulatedState;
  newId(): number;
  save(): void;
  reset(): void;
}

const empty = (nextId: number): SimulatedState => ({
  nextId,
  appointments: [],
  blocks: [],
  subscriptions: [],
  clients: [],
  forms: [],
});

const firstId = 1_700_000_101;

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
      // Ids go on: an appointment's id is never used for another one.
      store.state = empty(store.state.nextId);
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
    throw new Error(`The simulator's state in ${file} cannot be read; remove it to begin anew`, {
      cause: error,
    });
  }
}
