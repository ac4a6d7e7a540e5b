import type { ExaminationType } from '../specialists/index.ts';

/** The half-done journey. Values are as typed; they are parsed when the step is left. */
export interface DraftData {
  specialistId?: string;
  type?: ExaminationType;
  /** ISO instant. */
  startsAt?: string;
  timezone?: string;
  examinee?: { firstName: string; lastName: string; phone: string; email: string; dateOfBirth: string };
  claimNumber?: string;
  notes?: string;
  /** The key under which this draft is confirmed: a double click or a reload books once. Renewed after a failure. */
  idempotencyKey: string;
}

export interface BookingDrafts {
  create(ownerId: string, data: Omit<DraftData, 'idempotencyKey'>): Promise<{ id: string; data: DraftData }>;
  /** Null when unknown, another's, or older than an hour. */
  find(ownerId: string, id: string): Promise<DraftData | null>;
  /** Merges `change` in and starts the hour anew; null as for find. */
  update(ownerId: string, id: string, change: Partial<DraftData>): Promise<DraftData | null>;
  remove(ownerId: string, id: string): Promise<void>;
}
