// The report of one reconciliation.

export const reportKinds = ['near', 'all', 'manual', 'gap'] as const;
export type ReportKind = (typeof reportKinds)[number];
export const reportStates = ['running', 'done', 'failed'] as const;

export interface DriftReport {
  id: string;
  kind: ReportKind;
  /** Calendar days, both included. */
  from: string;
  to: string;
  fixes: boolean;
  /** Its repairs are announced to nobody. */
  tellsNobody: boolean;
  state: (typeof reportStates)[number];
  nextDay: string;
  appointments: number;
  found: number;
  fixed: number;
  unannounced: number;
  lastError: string | null;
  startedAt: Date;
  finishedAt: Date | null;
}
