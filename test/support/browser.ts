// A real Chromium, on any machine: the one that is named, the system's, or the one that npm brought.
import { existsSync } from 'node:fs';
import { access, constants, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type Browser, chromium, type Download, type LaunchOptions } from 'playwright-core';
import { sharedAddress } from './shared-servers.ts';

const systemBrowsers = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/**
 * The browser that all tests of a run share (shared-servers.ts); for any other process one of its own. Contexts belong
 * to whoever made them, and go when it is closed. Close it after.
 * @throws Error when there is none that starts: a browser test never passes for want of a browser
 */
export async function openBrowser(): Promise<Browser> {
  const { TEST_BROWSER } = process.env;
  if (TEST_BROWSER) return chromium.connect(await sharedAddress(TEST_BROWSER));
  return startAny((options) => chromium.launch(options));
}

/** What a page handed over to be saved. Not by its path: the browser may be another process's. */
export async function bytesOf(download: Download): Promise<Buffer> {
  return buffer(await download.createReadStream());
}

/** One browser for many processes, at a WebSocket address. */
export async function startBrowserServer(): Promise<{ address: string; stop(): Promise<void> }> {
  const server = await startAny((options) => chromium.launchServer({ ...options, host: '127.0.0.1' }));
  return { address: server.wsEndpoint(), stop: () => server.close() };
}

type Start<T> = (options: LaunchOptions) => Promise<T>;

function startAny<T>(start: Start<T>): Promise<T> {
  const named = process.env.CHROMIUM_PATH || systemBrowsers.find((file) => existsSync(file));
  return named ? start(optionsFor(named)) : startBundled(start);
}

function optionsFor(executablePath: string, env: Record<string, string> = {}): LaunchOptions {
  return {
    executablePath,
    headless: true,
    // No sandbox for root, little shared memory in a container. What protects pages from each other stays on.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
    env: { ...process.env, ...env },
  };
}

let unpacked: Promise<string> | undefined;

async function startBundled<T>(start: Start<T>): Promise<T> {
  unpacked ??= unpack();
  const folder = await unpacked;
  const executable = path.join(folder, 'chromium');
  const fonts: Record<string, string> = existsSync('/etc/fonts/fonts.conf')
    ? {}
    : { FONTCONFIG_PATH: path.join(folder, 'fonts') };
  try {
    return await start(optionsFor(executable, fonts));
  } catch {
    // A bare system has no libnss3 and no libnspr4: the package brings those too.
    return start(optionsFor(executable, { ...fonts, LD_LIBRARY_PATH: path.join(folder, 'al2023', 'lib') }));
  }
}

/** Unpacks the package's archives, once for each version of it. */
async function unpack(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium');
  const root = path.resolve(path.dirname(entry), '..');
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const folder = path.join(await cacheFolder(), `chromium-${version}`);
  if (existsSync(folder)) return folder;
  // Unpacked aside and then renamed: half an archive is never taken for a browser.
  const unfinished = `${folder}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  await inflateInto(unfinished, path.join(root, 'bin'));
  await rename(unfinished, folder).catch(() => rm(unfinished, { recursive: true, force: true }));
  return folder;
}

// The package unpacks into the temporary folder, and takes whatever version lies there already.
async function inflateInto(folder: string, archives: string): Promise<void> {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    const { inflate } = await import('@sparticuz/chromium');
    const names = ['chromium.br', 'fonts.tar.br', 'swiftshader.tar.br', 'al2023.tar.br'];
    await Promise.all(names.map((name) => inflate(path.join(archives, name))));
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

async function cacheFolder(): Promise<string> {
  const modules = path.resolve(import.meta.dirname, '../../node_modules');
  const isWritable = await access(modules, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!isWritable) return mkdtemp(path.join(os.tmpdir(), 'examdesk-chromium-'));
  const cache = path.join(modules, '.cache');
  await mkdir(cache, { recursive: true });
  return cache;
}
