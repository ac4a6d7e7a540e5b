// `npm run pictures`: photographs the demo for README.md and docs, in docs/img. A new stack each time, so that every
// picture shows the same story; only the days differ.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { demoPassword } from '../../seeds/demo.ts';
import { openBrowser } from '../support/browser.ts';
import { say } from '../../src/commands/terminal.ts';
import { projectRoot, stackPlace, startStack } from '../support/stack.ts';

interface Picture {
  /** Of the file, without its ending. */
  name: string;
  who: string;
  width: number;
  height: number;
  /** Goes to what is photographed. */
  open: (page: Page) => Promise<unknown>;
}

const rita = 'rita@harbour-legal.example';
const ada = 'ada@examdesk.example';
const wide = { width: 1160, height: 760 };

const pictures: Picture[] = [
  { name: 'home', who: rita, ...wide, open: (page) => page.goto('/') },
  {
    name: 'booking',
    who: rita,
    ...wide,
    async open(page) {
      const found = await page.request.get('/bookings?q=Voss', { headers: { accept: 'application/json' } });
      const { bookings } = (await found.json()) as { bookings: { id: string }[] };
      await page.goto(`/bookings/${bookings[0]?.id}`);
    },
  },
  { name: 'specialists', who: rita, ...wide, open: (page) => page.goto('/specialists') },
  {
    name: 'console',
    who: ada,
    ...wide,
    async open(page) {
      await page.goto('/admin');
      await page.getByRole('heading', { name: 'Needs attention' }).waitFor();
    },
  },
];

const folder = path.join(projectRoot, 'docs/img');
const mostBytes = 60_000;

const wanted = process.argv.slice(2);
const place = await stackPlace();
const run = await startStack(place);
const browser = await openBrowser();
try {
  await mkdir(folder, { recursive: true });
  for (const picture of pictures.filter(({ name }) => wanted.length === 0 || wanted.includes(name)))
    await take(picture);
} finally {
  await browser.close();
  run.child.kill('SIGTERM');
  await run.ended;
  await place.remove();
}

async function take({ name, who, width, height, open }: Picture): Promise<void> {
  const context = await browser.newContext({
    baseURL: place.url,
    viewport: { width, height },
    locale: 'en-AU',
    timezoneId: 'Australia/Sydney',
    colorScheme: 'light',
    reducedMotion: 'reduce',
  });
  try {
    await signIn(context, who);
    const page = await context.newPage();
    await open(page);
    await page.waitForLoadState('networkidle');
    const bytes = await asWebp(page);
    await writeFile(path.join(folder, `${name}.webp`), bytes);
    say(`docs/img/${name}.webp  ${Math.ceil(bytes.length / 1_000)} KB`);
  } finally {
    await context.close();
  }
}

async function signIn(context: BrowserContext, email: string): Promise<void> {
  const answer = await context.request.post('/api/auth/sign-in/email', {
    headers: { origin: place.url },
    data: { email, password: demoPassword },
  });
  if (!answer.ok()) throw new Error(`${email} could not sign in: ${answer.status()}`);
}

/** Chromium alone writes WebP, which is a third of a PNG; the quality falls until the picture is small enough. */
async function asWebp(page: Page): Promise<Buffer> {
  const session = await page.context().newCDPSession(page);
  for (let quality = 90; ; quality -= 10) {
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality });
    const bytes = Buffer.from(data, 'base64');
    if (bytes.length <= mostBytes || quality <= 40) return bytes;
  }
}
