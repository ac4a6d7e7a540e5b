// What a reconciliation of some days found.

export type ReportKind = 'near' | 'all' | 'manual' | 'gap';

export interface DriftReport {
  id: string;
  kind: ReportKind;
  /** Calendar days, both included. */
  from: string;
  to: string;
  fixes: boolean;
  /** Nobody is told of what it puts right. */
  tellsNobody: boolean;
  state: 'running' | 'done' | 'failed';
  nextDay: string;
  appointments: number;
  found: number;
  fixed: number;
  unannounced: number;
  lastError: string | null;
  startedAt: Date;
  finishedAt: Date | null;
}
