// A real Chromium on any machine: the configured one, the system's, or the one from npm.
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
 * The browser that all tests of a run share (shared-servers.ts); other processes get their own. Contexts belong to the
 * caller, and are closed with the returned browser. Close it after use.
 * @throws Error when none starts: a browser test never passes without a browser
 */
export async function openBrowser(): Promise<Browser> {
  const { TEST_BROWSER } = process.env;
  if (TEST_BROWSER) return chromium.connect(await sharedAddress(TEST_BROWSER));
  return launchBrowser();
}

/**
 * A browser of this process alone, for files that upload: Playwright sends each chosen file to a shared one in messages.
 * Sixteen such tests took 9 s of processor time more that way. Close it after use.
 */
export function launchBrowser(): Promise<Browser> {
  return startAny((options) => chromium.launch(options));
}

/** A download's bytes. Not read by path, because the browser may belong to another process. */
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
    // No sandbox for root, little shared memory in containers. Site isolation stays on. A test's page is left before the
    // optimising compilers pay: they take a fifth of a renderer's time. The tabs of a context share a process.
    args: [
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--disable-gpu',
      '--js-flags=--no-opt,--no-maglev',
      '--renderer-process-limit=1',
    ],
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
    // Minimal systems lack libnss3 and libnspr4; the package contains them.
    return start(optionsFor(executable, { ...fonts, LD_LIBRARY_PATH: path.join(folder, 'al2023', 'lib') }));
  }
}

/** Unpacks the package's archives, once for each version. */
async function unpack(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium');
  const root = path.resolve(path.dirname(entry), '..');
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  const folder = path.join(await cacheFolder(), `chromium-${version}`);
  if (existsSync(folder)) return folder;
  // Unpacks to a temporary name and renames, so that a half unpacked archive is never used.
  const unfinished = `${folder}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  await inflateInto(unfinished, path.join(root, 'bin'));
  await rename(unfinished, folder).catch(() => rm(unfinished, { recursive: true, force: true }));
  return folder;
}

// The package unpacks into the temporary folder, and uses any version that it finds there.
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
