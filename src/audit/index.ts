export { sayOfChanges } from './audit.changes.ts';
export { auditLog, type AuditLog } from './audit.log.ts';
export {
  auditActions,
  systemActor,
  type AuditAction,
  type AuditActor,
  type AuditEntry,
  type RequestFacts,
} from './audit.ts';
export { sealAudit, sealAuditJob, verifyAudit, type AuditVerdict, type SealFault } from './audit.seals.ts';
