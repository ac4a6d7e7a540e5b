// Fills the database of npm start. When the practice and the file store are our stand-ins too, all three get one story:
// bookings here, their appointments in the simulator, their documents in the store.
import { appointmentsOf } from '../../seeds/demo/appointments.ts';
import { dayOfFirstStart, tellStory } from '../../seeds/demo/examinations.ts';
import { writeStory } from '../../seeds/demo/records.ts';
import { type DemoStory, seedDemo } from '../../seeds/demo.ts';
import { createPgJobQueue } from '../adapters/pg-job-queue.ts';
import { connectS3, createS3ObjectStore } from '../adapters/s3-object-store.ts';
import { readEncryptionKeys } from '../config.ts';
import { openDatabase } from '../db/knex.ts';
import { createKeyedDigests } from '../lib/keyed-digests.ts';
import { checkCustodyJob } from '../documents/index.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Simulator } from '../simulator/index.ts';

export interface DemoPlace {
  databaseUrl: string;
  /** Null: Acuity, or the store, is not ours. */
  simulator: Simulator | null;
  store: { url: string; bucket: string; accessKeyId: string; secretAccessKey: string } | null;
}

/** @returns false when the database was filled before */
export async function loadDemoData({ databaseUrl, simulator, store: place }: DemoPlace): Promise<boolean> {
  const db = openDatabase(databaseUrl, 2);
  const store = place && openStore(place);
  try {
    return await seedDemo(db, simulator && store ? storyFor(simulator, store) : undefined);
  } finally {
    store?.close();
    await db.destroy();
  }
}

export function storyFor(
  simulator: Pick<Simulator, 'loadFixture'>,
  store: Pick<ObjectStore, 'put'>,
  now = new Date(),
): DemoStory {
  const story = tellStory(dayOfFirstStart(now));
  return {
    async write(trx) {
      // Before the commit: an appointment without a booking is repaired by the next start, which writes both again.
      simulator.loadFixture(appointmentsOf(story));
      const stored: Promise<void>[] = [];
      await writeStory(trx, story, {
        now,
        digests: createKeyedDigests(readEncryptionKeys()),
        put: (key, bytes) => void stored.push(store.put(key, bytes)),
      });
      await Promise.all(stored);
      // The story's documents are weeks old, and nobody has compared them with the store.
      const [job, key] = [checkCustodyJob, `first:${checkCustodyJob.name}`];
      await createPgJobQueue(trx).add(job, {}, { trx, key });
    },
  };
}

function openStore({ url, bucket, ...credentials }: NonNullable<DemoPlace['store']>): ObjectStore {
  return createS3ObjectStore(
    connectS3({
      bucket,
      credentials,
      region: 'us-east-1',
      endpoint: url,
      forcePathStyle: true,
      encryption: 'AES256',
    }),
  );
}
