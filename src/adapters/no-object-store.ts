// Used when no object store is configured (some tests): every call fails as unavailable.
import { ObjectStoreUnavailable, type ObjectStore, type UploadStorage } from '../ports/object-store.ts';

const refuse = (): never => {
  throw new ObjectStoreUnavailable('not_configured');
};
const reject = () => Promise.reject(new ObjectStoreUnavailable('not_configured'));

export const noObjectStore: ObjectStore = {
  put: reject,
  get: reject,
  head: reject,
  copy: reject,
  remove: reject,
  list: refuse,
  openUploads: refuse,
  abortUpload: reject,
  browserOrigin: null,
  startUpload: reject,
  partAddress: reject,
  parts: reject,
  completeUpload: reject,
  lifecycle: reject,
  ping: reject,
  close: () => undefined,
};

export const noUploadStorage: UploadStorage = () => ({
  engine: {
    _handleFile(_req, file, done) {
      file.stream.resume();
      done(new ObjectStoreUnavailable('not_configured'));
    },
    _removeFile: (_req, _file, done) => done(null),
  },
  settled: () => Promise.resolve(),
});
