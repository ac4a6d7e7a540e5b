export { attribution, auditActor, isStaff, type Actor, type Role, type Viewer } from './viewer.ts';
