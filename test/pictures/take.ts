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
  /** Null: nobody is signed in. */
  who: string | null;
  width: number;
  height: number;
  /** Goes to what is photographed. */
  open: (page: Page) => Promise<unknown>;
}

const rita = 'rita@harbour-legal.example';
const ada = 'ada@examdesk.example';
const wide = { width: 1160, height: 760 };

/** Goes to the page of the booking that these words find. */
const openBooking = (words: string) => async (page: Page) => {
  const found = await page.request.get(`/bookings?q=${words}`, { headers: { accept: 'application/json' } });
  const { bookings } = (await found.json()) as { bookings: { id: string }[] };
  await page.goto(`/bookings/${bookings[0]?.id}`);
};

/** Brings a part of the page to the top of the picture. */
const showFrom = (page: Page, selector: string) =>
  page.evaluate(`document.querySelector('${selector}').scrollIntoView()`);

/** A draft with a specialist who can be booked. */
async function openTimes(page: Page): Promise<void> {
  await page.goto('/bookings/new?q=hart');
  await page.getByRole('button', { name: /Choose Dr Amelia Hart, In person/ }).click();
  await page.waitForURL(/\/time$/);
}

async function openExaminee(page: Page): Promise<void> {
  await openTimes(page);
  await page.getByRole('radio').first().check({ force: true });
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.waitForURL(/\/examinee$/);
}

async function openCheck(page: Page): Promise<void> {
  await openExaminee(page);
  await page.getByLabel('First name').fill('Ewan');
  await page.getByLabel('Last name').fill('Marsh');
  await page.getByLabel('Phone').fill('0412 345 678');
  await page.getByLabel(/^Claim number/).fill('HL-20490');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.waitForURL(/\/check$/);
}

/** Somebody in the practice takes the time that Rita is about to confirm. */
async function openTaken(page: Page): Promise<void> {
  await openCheck(page);
  const other = await page.context().newPage();
  await openCheck(other);
  await other.getByRole('button', { name: 'Confirm booking' }).click();
  await other.waitForURL(/\?confirmed$/);
  await page.getByRole('button', { name: 'Confirm booking' }).click();
  await page.getByRole('heading', { name: 'That time has just been taken' }).waitFor();
}

const pictures: Picture[] = [
  { name: 'sign-in', who: null, ...wide, open: (page) => page.goto('/sign-in') },
  { name: 'home', who: rita, ...wide, open: (page) => page.goto('/') },
  { name: 'list', who: rita, ...wide, open: (page) => page.goto('/bookings') },
  { name: 'booking', who: rita, ...wide, open: openBooking('Voss') },
  {
    name: 'messages',
    who: rita,
    ...wide,
    async open(page) {
      await openBooking('Rudd')(page);
      await showFrom(page, '#messages');
    },
  },
  {
    name: 'paperwork',
    who: rita,
    ...wide,
    async open(page) {
      await openBooking('Prescott')(page);
      await showFrom(page, '#documents');
    },
  },
  {
    name: 'instructions',
    who: rita,
    ...wide,
    async open(page) {
      await openBooking('Rudd')(page);
      await page.goto(`${page.url()}/instructions`);
    },
  },
  { name: 'new-booking', who: rita, ...wide, open: (page) => page.goto('/bookings/new') },
  { name: 'time', who: rita, ...wide, open: openTimes },
  { name: 'check', who: rita, ...wide, open: openCheck },
  { name: 'taken', who: rita, ...wide, open: openTaken },
  { name: 'first-free', who: rita, ...wide, open: (page) => page.goto('/specialists/first-free') },
  { name: 'specialists', who: rita, ...wide, open: (page) => page.goto('/specialists') },
  {
    name: 'specialist',
    who: rita,
    ...wide,
    async open(page) {
      await page.goto('/specialists?q=hart');
      await page.getByRole('link', { name: 'Dr Amelia Hart', exact: true }).click();
      await page.getByRole('heading', { name: 'Dr Amelia Hart', level: 1 }).waitFor();
    },
  },
  {
    name: 'console',
    who: ada,
    ...wide,
    async open(page) {
      await page.goto('/admin');
      await page.getByRole('heading', { name: 'Needs attention' }).waitFor();
    },
  },
  {
    name: 'console-booking',
    who: ada,
    ...wide,
    async open(page) {
      const found = await page.request.get('/bookings?q=Rudd', { headers: { accept: 'application/json' } });
      const { bookings } = (await found.json()) as { bookings: { id: string }[] };
      await page.goto(`/admin/resources/bookings/records/${bookings[0]?.id}/show`);
      await page.getByRole('heading', { name: /^Booking EX-/ }).waitFor();
    },
  },
  // Last, because the console's pictures would show the episode.
  {
    name: 'acting',
    who: ada,
    ...wide,
    async open(page) {
      await page.goto('/admin/act-as?q=rita');
      await page.locator('a.found-one', { hasText: 'Rita Alvarez' }).click();
      await page.waitForURL(/user=/);
      await page.getByLabel('Why').fill('Rita asked by phone for the report of Eleanor Voss');
      await page.getByRole('button', { name: 'Act as Rita Alvarez' }).click();
      await page.locator('.acting-banner').waitFor();
      await openBooking('Voss')(page);
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
    if (who) await signIn(context, who);
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
