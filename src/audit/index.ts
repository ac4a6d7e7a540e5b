export { whoChanged } from './audit.last-change.ts';
export { auditInsertion, auditLog, auditValues, attributeChanges, type AuditLog } from './audit.log.ts';
export { admitRefusal, refusalLimits, writeRefusalCounts } from './audit.refusals.ts';
export {
  anonymousActor,
  auditActions,
  auditedTypes,
  auditOutcomes,
  systemActor,
  type AuditAction,
  type AuditActor,
  type AuditOutcome,
  type RequestFacts,
} from './audit.ts';
export {
  sealAudit,
  sealAuditJob,
  verifyAudit,
  verifyRecentSeals,
  type AuditVerdict,
  type RecentSeals,
  type SealFault,
} from './audit.seals.ts';
