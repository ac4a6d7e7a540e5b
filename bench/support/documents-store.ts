// The store of the document benches, in a process of its own. It imports nothing of the app: collecting the garbage of a
// large heap would take longer than serving the bytes.
import path from 'node:path';
import { startS3Server } from '../../src/dev/s3/server.ts';

const { directory } = JSON.parse(process.argv[2] ?? '{}') as { directory: string };
process.on('disconnect', () => process.exit());
const credentials = { accessKeyId: 'bench', secretAccessKey: 'a-secret-of-the-bench' };
const store = await startS3Server({
  ...credentials,
  directory: path.join(directory, 's3'),
  buckets: ['bench'],
});
process.send?.({
  S3_BUCKET: 'bench',
  S3_REGION: 'us-east-1',
  S3_ENDPOINT: store.url,
  S3_ACCESS_KEY_ID: credentials.accessKeyId,
  S3_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  S3_FORCE_PATH_STYLE: 'true',
});
