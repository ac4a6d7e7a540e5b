// Cases of random tests that failed once, in test/examples/<room>/<name>.json.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';

const root = path.resolve(import.meta.dirname, '../..');

export const examplesFolder = path.join(root, 'test/examples');

/** What JSON cannot hold (dates, bytes, undefined …) is serialised, beside how it reads. */
type Entry = { case: unknown } | { reads: string; serialized: string };

export interface KeptCases<Case> {
  /** As an error message names it. */
  file: string;
  read(): Case[];
  /** Adds a case, unless it is kept already. */
  add(failed: Case): void;
}

export function openKeptCases<Case>(name: string, folder = examplesFolder): KeptCases<Case> {
  const file = path.join(folder, `${name}.json`);
  const entries = (): Entry[] =>
    existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Entry[]) : [];
  return {
    file: path.relative(root, file),
    read: () => entries().map((entry) => caseOf(entry) as Case),
    add(failed) {
      const known = entries();
      const entry = entryOf(failed);
      if (known.some((one) => isDeepStrictEqual(one, entry))) return;
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, `${JSON.stringify([...known, entry], null, 2)}\n`);
    },
  };
}

function entryOf(value: unknown): Entry {
  // JSON.stringify throws for a bigint, and changes whatever else JSON cannot hold.
  const asJson = JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? null : part));
  if (isDeepStrictEqual(JSON.parse(asJson), value)) return { case: value };
  return { reads: fc.stringify(value), serialized: serialize(value).toString('base64') };
}

function caseOf(entry: Entry): unknown {
  return 'case' in entry ? entry.case : deserialize(Buffer.from(entry.serialized, 'base64'));
}
