export {
  createRestoring,
  type Restoring,
  type RestoreReport,
} from './restore.service.ts';
