// The photo and the CV of a specialist: checked by content as documents are, kept in the file store.
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Logger } from 'pino';
import { auditActor, mayAdminister, type Actor } from '../accounts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Database } from '../db/knex.ts';
import {
  ContentRefused,
  createInspection,
  mimeTypeOf,
  type DocumentKind,
} from '../documents/content/index.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { isUuid } from '../lib/uuid.ts';
import type { Clock } from '../ports/clock.ts';
import { ObjectStoreUnavailable, type ObjectStore } from '../ports/object-store.ts';
import type { Scanner } from '../ports/scanner.ts';
import { pictureOnly } from './picture.ts';
import type { ProfileFileKind } from './specialist.profile.ts';

export interface ProfileFileDeps {
  db: Database;
  audit: AuditLog;
  store: ObjectStore;
  clock: Clock;
  log: Logger;
  /** Null: uploads are not scanned. */
  scanner: Scanner | null;
}

export type ProfileFileFailure =
  | { reason: 'not_found' }
  | { reason: 'forbidden' }
  | { reason: 'refused'; message: string }
  | { reason: 'unavailable' };

export interface OpenProfileFile {
  content: Readable;
  mimeType: string;
  sizeBytes: number;
  version: string;
}

export interface ProfileFiles {
  /** Puts the file in the place of an earlier one. */
  save(
    actor: Actor,
    id: string,
    kind: ProfileFileKind,
    bytes: Buffer,
  ): Promise<Result<null, ProfileFileFailure>>;
  remove(actor: Actor, id: string, kind: ProfileFileKind): Promise<Result<null, ProfileFileFailure>>;
  /** Null when there is none. @throws ObjectStoreUnavailable */
  open(id: string, kind: ProfileFileKind): Promise<OpenProfileFile | null>;
}

const megabyte = 1024 * 1024;
export const profileFileRules = {
  photo: {
    maxBytes: 2 * megabyte,
    kinds: ['jpeg', 'png'],
    words: 'Use a JPEG or PNG picture of at most 2 MB',
  },
  cv: { maxBytes: 10 * megabyte, kinds: ['pdf'], words: 'Use a PDF of at most 10 MB' },
} as const satisfies Record<ProfileFileKind, { maxBytes: number; kinds: DocumentKind[]; words: string }>;
/** Pixels of each side. */
const photoSides = { least: 100, most: 4_000 };

export function createProfileFiles(deps: ProfileFileDeps): ProfileFiles {
  const { db, store } = deps;
  return {
    async save(actor, id, kind, bytes) {
      if (!mayAdminister(actor.viewer)) return failure({ reason: 'forbidden' });
      if (!isUuid(id) || !(await db('specialists').where({ id }).first('id')))
        return failure({ reason: 'not_found' });
      const checked = await check(deps, kind, bytes);
      if (!checked.ok) return checked;
      const key = `${folderOf(id, kind)}${randomBytes(18).toString('base64url')}`;
      return whenStored(async () => {
        await store.put(key, checked.value.bytes);
        const { mimeType, sha256, bytes: stored } = checked.value;
        const replaced = await change(deps, actor, id, kind, {
          s3_key: key,
          mime_type: mimeType,
          size_bytes: stored.length,
          sha256,
        });
        await tidy(deps, id, kind, replaced);
      });
    },

    async remove(actor, id, kind) {
      if (!mayAdminister(actor.viewer)) return failure({ reason: 'forbidden' });
      if (!isUuid(id)) return failure({ reason: 'not_found' });
      return whenStored(async () => {
        const replaced = await change(deps, actor, id, kind, null);
        await tidy(deps, id, kind, replaced);
      });
    },

    async open(id, kind) {
      if (!isUuid(id)) return null;
      const row = await db('specialist_files').where({ specialist_id: id, kind }).first();
      const found = row && (await store.get(row.s3_key));
      if (!row || !found) return null;
      return {
        content: found.stream,
        mimeType: row.mime_type,
        sizeBytes: row.size_bytes,
        version: row.sha256.slice(0, 16),
      };
    },
  };
}

/** Keys may contain ids of specialists, who are not examinees. */
const folderOf = (id: string, kind: ProfileFileKind): string => `profiles/${id.toLowerCase()}/${kind}/`;

interface Checked {
  bytes: Buffer;
  mimeType: string;
  sha256: string;
}

async function check(
  { scanner }: Pick<ProfileFileDeps, 'scanner'>,
  kind: ProfileFileKind,
  given: Buffer,
): Promise<Result<Checked, ProfileFileFailure>> {
  const { maxBytes, kinds, words } = profileFileRules[kind];
  const refused = (message: string) => failure({ reason: 'refused', message } satisfies ProfileFileFailure);
  const found = await inspect(given, kinds, maxBytes);
  if (!found) return refused(words);
  const mimeType = mimeTypeOf(found.kind);
  if (kind === 'cv') return scan(scanner, { bytes: given, mimeType, sha256: found.sha256 });
  const picture = pictureOnly(given, mimeType);
  if (!picture) return refused('This picture is broken: save it again, then choose it again');
  const sides = [picture.width, picture.height];
  if (Math.min(...sides) < photoSides.least || Math.max(...sides) > photoSides.most)
    return refused(`Use a picture of ${photoSides.least} to ${photoSides.most} pixels on each side`);
  // The stored bytes differ from those that were sent, so the hash is that of the stored ones.
  const stored = await inspect(picture.bytes, kinds, maxBytes);
  if (!stored) return refused(words);
  return scan(scanner, { bytes: picture.bytes, mimeType, sha256: stored.sha256 });
}

/** The content decides, as for documents. Null: none of the kinds, broken, or too large. */
async function inspect(
  bytes: Buffer,
  accepted: readonly DocumentKind[],
  maxBytes: number,
): Promise<{ kind: DocumentKind; sha256: string } | null> {
  const inspection = createInspection({ maxBytes, accepted, extension: null });
  try {
    await finished(Readable.from([bytes], { objectMode: false }).pipe(inspection.stream).resume());
    const kind = await inspection.decideKind({
      size: bytes.length,
      read: (start, length) => Promise.resolve(bytes.subarray(start, start + length)),
    });
    return { kind, sha256: inspection.digest().sha256 };
  } catch (error) {
    if (error instanceof ContentRefused) return null;
    throw error;
  }
}

async function scan(scanner: Scanner | null, checked: Checked): Promise<Result<Checked, ProfileFileFailure>> {
  if (!scanner) return ok(checked);
  try {
    const { verdict } = await scanner.scan(Readable.from([checked.bytes], { objectMode: false }));
    if (verdict === 'clean') return ok(checked);
  } catch {
    return failure({ reason: 'unavailable' });
  }
  return failure({ reason: 'refused', message: 'The virus scanner found something in this file' });
}

interface FileColumns {
  s3_key: string;
  mime_type: string;
  size_bytes: number;
  sha256: string;
}

/** @param file null: removes it. @returns the key of the file before it */
async function change(
  { db, audit }: Pick<ProfileFileDeps, 'db' | 'audit'>,
  actor: Actor,
  id: string,
  kind: ProfileFileKind,
  file: FileColumns | null,
): Promise<string | null> {
  return db.transaction(async (trx) => {
    // One change at a time: each returns the file that it replaced.
    await trx('specialists').where({ id }).forUpdate().first('id');
    const where = { specialist_id: id, kind };
    const before = await trx('specialist_files').where(where).first('s3_key');
    if (!file && !before) return null;
    if (file)
      await trx('specialist_files')
        .insert({ ...where, ...file })
        .onConflict(['specialist_id', 'kind'])
        .merge();
    else await trx('specialist_files').where(where).delete();
    await audit.record(trx, auditActor(actor), {
      action: 'record.changed',
      resourceType: 'specialist',
      resourceId: id,
      metadata: file
        ? { file: kind, sha256: file.sha256, sizeBytes: file.size_bytes }
        : { file: kind, removed: true },
    });
    return before?.s3_key ?? null;
  });
}

/** The change is stored already. If removing fails, a later save removes what is left. */
async function tidy(
  deps: Pick<ProfileFileDeps, 'db' | 'store' | 'clock' | 'log'>,
  id: string,
  kind: ProfileFileKind,
  replaced: string | null,
): Promise<void> {
  try {
    await removeUnused(deps, id, kind, replaced);
  } catch (error) {
    if (!(error instanceof ObjectStoreUnavailable)) throw error;
    deps.log.warn(
      { specialistId: id, file: kind },
      'A replaced file could not be removed from the store yet',
    );
  }
}

/**
 * Also removes objects of a process that died between writing to the store and to the database. Young objects stay: somebody
 * else may be saving and have not committed yet.
 */
async function removeUnused(
  { db, store, clock }: Pick<ProfileFileDeps, 'db' | 'store' | 'clock'>,
  id: string,
  kind: ProfileFileKind,
  replaced: string | null,
): Promise<void> {
  const used = await db('specialist_files').where({ specialist_id: id, kind }).first('s3_key');
  const yesterday = clock.now().getTime() - 24 * 3_600_000;
  const keys: string[] = [];
  for await (const { key, lastModified } of store.list(folderOf(id, kind))) {
    const isLeft = key === replaced || lastModified.getTime() < yesterday;
    if (isLeft && key !== used?.s3_key) keys.push(key);
  }
  if (keys.length > 0) await store.remove(keys);
}

async function whenStored(work: () => Promise<void>): Promise<Result<null, ProfileFileFailure>> {
  try {
    await work();
    return ok(null);
  } catch (error) {
    if (error instanceof ObjectStoreUnavailable) return failure({ reason: 'unavailable' });
    throw error;
  }
}
