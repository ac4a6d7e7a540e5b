// The four scripts of the console’s page: AdminJS’s bundles, and ours with the keys, under names with their digests.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { RequestHandler } from 'express';
import { loadConsole } from '../../console/index.ts';
import { lazy } from '../../lib/lazy.ts';
import { createAsset, sendAsset, withDigest, withoutDigest, type Asset } from '../assets.ts';
import { notFound } from '../problem.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const htmFile = path.join(root, 'node_modules/htm/dist/htm.umd.js');
const scriptsFolder = path.join(root, 'public/js');
const componentsFolder = path.join(scriptsFolder, 'console');
/** The portal's scripts that listen to keys. They run before the bar is drawn, so that no key is lost. */
const keyScripts = ['unsaved', 'act-as-key', 'found-list', 'search', 'row-actions'].map((name) =>
  path.join(scriptsFolder, `${name}.js`),
);

/** In the order in which the page loads them. */
export const scriptNames = ['global', 'design-system', 'app', 'components'] as const;

export type Scripts = ReadonlyMap<string, Asset>;

export const scriptRoute = '/admin/frontend/assets/:file';

export function sendScript(scripts: () => Promise<Scripts>): RequestHandler {
  return async (req, res) => {
    const { name, digest } = withoutDigest(String(req.params.file));
    const asset = (await scripts()).get(name);
    if (!asset) throw notFound();
    await sendAsset(req, res, asset, { digest, keptBy: 'private' });
  };
}

/** AdminJS's page names its scripts without digests. Data in the page cannot look like this: its quotes are escaped. */
export function nameScripts(html: string, scripts: Scripts): string {
  // Without a lookbehind, which would be tried at each letter of a page of half a megabyte.
  return html.replaceAll(
    /(<script src="\/admin\/frontend\/assets\/)([\w.-]+)(?=")/g,
    (_, before: string, name: string) => {
      const asset = scripts.get(name);
      return before + (asset ? withDigest(name, asset) : name);
    },
  );
}

/** The scripts by name, such as `app.bundle.js`; read once a process. */
export const readScripts = lazy(async (): Promise<Scripts> => {
  const { bundles } = await loadConsole();
  const read = scriptNames.map(async (script) => {
    const name = `${script}.bundle.js`;
    const text = script === 'components' ? await ownComponents() : await bundleText(bundles, name);
    return [name, createAsset(name, Buffer.from(text))] as const;
  });
  return new Map(await Promise.all(read));
});

/** Always AdminJS's production build, so that the tests run what production runs. */
async function bundleText(bundles: readonly { path: string; src: string }[], name: string): Promise<string> {
  const bundle = bundles.find(({ path: served }) => path.posix.basename(served) === name);
  if (!bundle) throw new Error(`AdminJS has no script ${name}`);
  return withoutPictures(
    withoutEval(await readFile(bundle.src.replace('.development.', '.production.'), 'utf8')),
  );
}

/** Replaces code with which old libraries reach the global object: our CSP refuses and reports it. */
function withoutEval(script: string): string {
  return script.replaceAll(/(?:new )?Function\("return this"\)\(\)/g, 'globalThis');
}

/**
 * Leaves out the drawings of AdminJS's own first page and sign-in page, and the flags of its field for telephone numbers.
 * They are half of its design system and never shown here. A test checks that its icons, whose paths are shorter, stay.
 */
function withoutPictures(script: string): string {
  return script
    .replaceAll(/(?<=\bd:)"M[\w ,.-]{1000,}"/g, '""')
    .replaceAll(/data:image\/png;base64,[\w+/=]{10000,}/g, 'data:,');
}

/** Puts each file into a block, so that its names stay in it. htm, with which the files write HTML, comes first. */
async function ownComponents(): Promise<string> {
  const components = (await readdir(componentsFolder))
    .sort()
    .map((file) => path.join(componentsFolder, file));
  const texts = await Promise.all([...components, ...keyScripts].map((file) => readFile(file, 'utf8')));
  const htm = await readFile(htmFile, 'utf8');
  return `'use strict';\n${htm};\n${texts.map((text) => `{\n${text}}\n`).join('')}`;
}
