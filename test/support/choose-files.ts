// Chooses files from a folder, as people do. Passed as buffers they would be sent to Chromium in messages, which takes
// 1.6 s of processor time for 18 MB. Chromium derives the type from the name.
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { scratchFolder } from './scratch.ts';

export interface ChosenFile {
  name: string;
  buffer: Buffer;
}

let root: string | undefined;
/** By content: many tests choose the same file. */
const written = new WeakMap<Buffer, Map<string, string>>();

export async function chooseFiles(input: Locator, ...files: ChosenFile[]): Promise<void> {
  await input.setInputFiles(await Promise.all(files.map(onDisk)));
}

async function onDisk({ name, buffer }: ChosenFile): Promise<string> {
  const names = written.get(buffer) ?? new Map<string, string>();
  written.set(buffer, names);
  const known = names.get(name);
  if (known) return known;
  root ??= makeRoot(await scratchFolder());
  const file = path.join(await mkdtemp(path.join(root, 'folder-')), name);
  await writeFile(file, buffer);
  names.set(name, file);
  return file;
}

function makeRoot(scratch: string): string {
  const made = mkdtempSync(path.join(scratch, 'examdesk-files-'));
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  return made;
}
