export {
  createRestoring,
  type Restoring,
  type RestoreReport,
  type RestoredBooking,
} from './restore.service.ts';
