// Serves the files of public/, and htmx. Each has a name with its digest, which browsers may keep for good. Each is
// compressed once, in memory, because the disk may be read-only.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { Request, RequestHandler, Response } from 'express';
import { contentType } from 'mime-types';
import { codingFor, isWorthCompressing, type Coding } from './content-coding.ts';

const root = path.resolve(import.meta.dirname, '../..');
const publicRoot = path.join(root, 'public');

export interface Asset {
  type: string;
  bytes: Buffer;
  digest: string;
  compressed: (coding: Coding) => Promise<Buffer>;
}

/** Compressed files, by coding and digest. Tests start many apps in a process, and the console's bundles take a second. */
const made = new Map<string, Promise<Buffer>>();

export function createAsset(fileName: string, bytes: Buffer): Asset {
  const digest = createHash('sha256').update(bytes).digest('hex');
  return {
    type: contentType(path.extname(fileName)) || 'application/octet-stream',
    bytes,
    digest: digest.slice(0, 10),
    compressed(coding) {
      const key = `${coding} ${digest}`;
      const result = made.get(key) ?? compress(bytes, coding);
      made.set(key, result);
      return result;
    },
  };
}

/** `/css/base.css` as `/css/base.1f3a….css`. */
export function withDigest(name: string, { digest }: Asset): string {
  const { dir, name: stem, ext } = path.posix.parse(name);
  return path.posix.join(dir, `${stem}.${digest}${ext}`);
}

/** `/css/base.1f3a….css` as `/css/base.css` and its digest; other names as they are. */
export function withoutDigest(name: string): { name: string; digest: string | null } {
  const [, stem = '', digest = '', ext = ''] = /^(.+)\.([0-9a-f]{10})(\.\w+)$/.exec(name) ?? [];
  return digest ? { name: stem + ext, digest } : { name, digest: null };
}

/**
 * If the name has another digest than the file (a page from before a deployment, or from a newer process beside this one),
 * the file is sent as it is now, and the browser has to ask each time whether it is still valid.
 */
export async function sendAsset(
  req: Request,
  res: Response,
  asset: Asset,
  named: { digest: string | null; keptBy: 'public' | 'private' },
): Promise<void> {
  const { type, bytes, digest } = asset;
  const isForGood = named.digest === digest;
  res.set({
    'Cache-Control': `${named.keptBy}, ${isForGood ? 'max-age=31536000, immutable' : 'no-cache'}`,
    'Content-Type': type,
    ETag: `W/"${digest}"`,
    Vary: 'Accept-Encoding',
  });
  const coding = isWorthCompressing(type, bytes.length) ? codingFor(req.headers['accept-encoding']) : null;
  if (!coding || req.fresh) {
    res.send(bytes);
    return;
  }
  const body = await asset.compressed(coding);
  res.set('Content-Encoding', coding).send(body);
}

export interface Assets {
  folders: string[];
  /** The name with the digest. */
  url: (name: string) => string;
  /** Finds a file by its path, with or without a digest in the name. */
  find(pathname: string): { asset: Asset; digest: string | null } | null;
  send: RequestHandler;
}

/** The files by name, shared by every app of the process. */
const known = new Map<string, Asset>();

/** @param options.cache false: files are read again at each request, while somebody changes them */
export function createAssets(options: { cache: boolean }): Assets {
  const read = (name: string): Asset | null => {
    const seen = options.cache ? known.get(name) : undefined;
    const parts = (options.cache ? files : filesByName()).get(name);
    if (seen || !parts) return seen ?? null;
    const bytes = withoutLayers(name, joined(parts));
    const asset = createAsset(name, withDigestsInside(name, bytes, url));
    known.set(name, asset);
    return asset;
  };
  const url = (name: string): string => {
    const asset = read(name);
    if (!asset) throw new Error(`No file has the name ${name}`);
    return withDigest(name, asset);
  };
  const find: Assets['find'] = (pathname) => {
    const { name, digest } = withoutDigest(pathname);
    const asset = read(name);
    return asset && { asset, digest };
  };
  return {
    folders: [...new Set([...files.keys()].map((name) => name.split('/')[1] ?? ''))],
    url,
    find,
    async send(req, res, next) {
      const found = ['GET', 'HEAD'].includes(req.method) ? find(req.path) : null;
      if (!found) return next();
      await sendAsset(req, res, found.asset, { digest: found.digest, keptBy: 'public' });
    },
  };
}

/** Style sheets that are sent as one file, in the order of the cascade. */
export const stylesheets = {
  examdesk: [
    'tokens',
    'base',
    'forms',
    'parts',
    'rows',
    'documents',
    'timeline',
    'messages',
    'stepper',
    'site',
    'notices',
    'entrance',
    'home',
    'lists',
    'row-actions',
    'calendar',
    'booking',
    'journey',
    'times',
    'specialists',
    'account',
    'admin',
    'print',
    'found',
    'figures',
  ],
  console: [
    'tokens',
    'base',
    'forms',
    'parts',
    'notices',
    'found',
    'figures',
    'console/looks',
    'console/pieces',
    'console/bar',
    'console/dashboard',
    'console/list-head',
    'console/forms',
    'console/lists',
    'console/related',
    'console/bulk',
    'console/views',
  ],
};

/** Small modules without imports that every page has, sent as one: each in a block of its own. */
const everyPage = ['time-zone', 'submit-once', 'unsaved', 'found-list', 'search'].map((name) =>
  path.join(publicRoot, `js/${name}.js`),
);

const files = filesByName();

/** Whether a name, with or without a digest, is a file of ours. */
export function isAsset(pathname: string): boolean {
  return files.has(withoutDigest(pathname).name);
}

/** The file of a name; some names stand for several files, one after the other. */
function filesByName(): Map<string, string[]> {
  const found = readdirSync(publicRoot, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return new Map<string, string[]>([
    ...found.map((file) => [`/${path.relative(publicRoot, file)}`, [file]] as [string, string[]]),
    ...Object.entries(stylesheets).map(
      ([name, parts]) =>
        [`/css/${name}.css`, parts.map((part) => path.join(publicRoot, `css/${part}.css`))] as [
          string,
          string[],
        ],
    ),
    ['/js/every-page.js', everyPage],
    ['/vendor/htmx.min.js', [path.join(root, 'node_modules/htmx.org/dist/htmx.min.js')]],
  ]);
}

function joined(parts: string[]): Buffer {
  const bytes = parts.map((file) => readFileSync(file));
  const isOfModules = parts.length > 1 && parts.every((file) => file.endsWith('.js'));
  return Buffer.concat(
    isOfModules ? bytes.flatMap((one) => [Buffer.from('{\n'), one, Buffer.from('}\n')]) : bytes,
  );
}

/** The console's styles are in no layer: AdminJS resets elements outside any layer, and would win over parts inside one. */
function withoutLayers(name: string, bytes: Buffer): Buffer {
  if (name !== '/css/console.css') return bytes;
  return Buffer.from(bytes.toString().replaceAll(/^@layer \w+ \{/gm, '@media all {'));
}

/** A module names others by their digests too, so its own digest changes with theirs. */
function withDigestsInside(name: string, bytes: Buffer, url: (name: string) => string): Buffer {
  if (!name.startsWith('/js/')) return bytes;
  const folder = path.posix.dirname(name);
  const text = bytes
    .toString()
    .replaceAll(/(?<=\bfrom ')\.\/[\w./-]+(?=')/g, (other) => url(path.posix.join(folder, other)));
  return Buffer.from(text);
}

const brotli = promisify(brotliCompress);
const zip = promisify(gzip);

/** The highest quality that takes less than half a second; the console's bundles of megabytes get a lower one. */
function compress(bytes: Buffer, coding: Coding): Promise<Buffer> {
  if (coding === 'gzip') return zip(bytes, { level: 9 });
  const quality = bytes.length > 1_000_000 ? 9 : bytes.length > 200_000 ? 10 : 11;
  return brotli(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: quality,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
}
