// A page in a real browser whose accessibility (axe), content security policy and width are checked.
import { expect } from 'chai';
import type { Browser, BrowserContext, BrowserContextOptions, CDPSession, Page } from 'playwright-core';
import { demoPassword } from '../../seeds/demo.ts';
import { axePath, axeSource } from './axe.ts';
import type { SessionCookie } from './session.ts';

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** The rules that look at colours: all that can differ between the schemes, whose tokens are colours only. */
const colourRules = ['color-contrast', 'link-in-text-block'];

/** None of our rules reads style sheets, which axe otherwise loads. */
const axeOptions = { resultTypes: ['violations'], preload: { assets: ['media'] } };

/**
 * What axe finds and the width that the page takes, once everything is drawn and no colour is on its way to another: axe
 * would measure what is between. One transition may start the next. Our script names the console's landmarks after AdminJS
 * has drawn them. A part that htmx replaces is pale until its answer has settled.
 */
const look = (only: string[]): string => `(async () => {
  const isSettled = () => document.querySelector('main, [role=main]') && !document.querySelector('.htmx-request');
  if (!isSettled()) return 'unsettled';
  for (;;) {
    const running = document.getAnimations().filter((one) => one instanceof CSSTransition);
    if (running.length === 0) break;
    await Promise.allSettled(running.map(({ finished }) => finished));
  }
  if (typeof axe !== 'object') {
    if (!(await import('${axePath}').then(() => true, () => false))) return 'without axe';
    if (!isSettled()) return 'unsettled';
  }
  // A finding is told by its selectors.
  axe.configure({ noHtml: true });
  const { violations } = await axe.run(document, ${JSON.stringify({ ...axeOptions, runOnly: only })});
  const findings = violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target.join(' ')).join(', '));
  return [findings.join('; '), document.documentElement.scrollWidth];
})()`;

export interface Watched {
  page: Page;
  context: BrowserContext;
  /** Expects no policy violation, no overflow and no axe finding. */
  check(): Promise<void>;
  /** The same, also in the other colour scheme, without loading the page again. The page stays in that one. */
  checkBothSchemes(): Promise<void>;
  /** Signs in by the form, for tests of signing in. */
  signIn(email: string): Promise<void>;
  /** Goes on at another width, without loading the page again. */
  resize(width: number): Promise<void>;
  /** Uses an existing session (TestApp.sessionCookie) from the next page on. */
  useSession(cookie: SessionCookie): Promise<void>;
  /** Limits how fast the page sends; 0: no limit. */
  throttle(bytesPerSecond: number): Promise<void>;
  /** Expects no error or policy violation since the last check. */
  close(): Promise<void>;
}

export interface WatchOptions {
  width: number;
  javaScript?: boolean;
  colorScheme?: 'light' | 'dark';
  timezoneId?: string;
  /** Runs in each document before its own scripts. */
  script?: string;
  /** Whether the test moves the page's time on (context.clock); the next test begins where it stands. */
  hasClock?: boolean;
}

/** A page with what it has violated so far. */
interface Tab {
  page: Page;
  context: BrowserContext;
  violations: string[];
}

/** Tabs that tests have closed, by what cannot be changed about them: a new tab takes a quarter of a second to start. */
const unused = new WeakMap<Browser, Map<string, Tab[]>>();
/** A page of the app without scripts. The address of another site would start a new process. */
const emptyPage = '/img/mark.svg';

export async function watchedPage(
  browser: Browser,
  baseURL: string,
  options: WatchOptions,
): Promise<Watched> {
  const { colorScheme = 'light' } = options;
  let { width } = options;
  const { javaScript = true, timezoneId = 'Australia/Perth', script, hasClock = false } = options;
  const kinds = unused.get(browser) ?? new Map<string, Tab[]>();
  unused.set(browser, kinds);
  const kind = JSON.stringify([baseURL, javaScript, timezoneId, script, hasClock]);
  const waiting = kinds.get(kind) ?? [];
  kinds.set(kind, waiting);
  const tab =
    waiting.pop() ??
    (await openTab(browser, { baseURL, timezoneId, javaScriptEnabled: javaScript }, { script, hasClock }));
  const { page, context, violations } = tab;
  listen(tab);
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme, media: null });
  let isOpen = true;
  let limit: CDPSession | null = null;

  async function check(only = rules): Promise<void> {
    // Text can appear before its styles are applied.
    await page.waitForLoadState();
    const at = new URL(page.url()).pathname;
    expect(violations.splice(0), `policy at ${at}`).to.deep.equal([]);
    if (!javaScript) return;
    const [findings, widthOfPage] = await lookAt(page, look(only));
    expect(widthOfPage, `width of ${at}`).to.be.at.most(width);
    expect(findings, `axe at ${at}`).to.equal('');
    expect(violations.splice(0), `policy at ${at}`).to.deep.equal([]);
  }

  return {
    page,
    context,
    check: () => check(),
    async checkBothSchemes() {
      // The next page is checked in this one's second scheme first: each change draws the whole page again.
      const isDark =
        javaScript && (await page.evaluate(`matchMedia('(prefers-color-scheme: dark)').matches`));
      await check();
      await page.emulateMedia({ colorScheme: isDark ? 'light' : 'dark' });
      await check(colourRules);
    },
    async signIn(email) {
      await page.goto('/sign-in');
      await page.getByLabel('E-mail address').fill(email);
      await page.getByLabel('Password').fill(demoPassword);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL((url) => url.pathname !== '/sign-in');
    },
    async resize(to) {
      width = to;
      await page.setViewportSize({ width, height: 900 });
    },
    useSession: (cookie) =>
      context.addCookies([{ ...cookie, url: baseURL, httpOnly: true, sameSite: 'Lax' }]),
    async throttle(bytesPerSecond) {
      // Detached it no longer limits anything. A second session that stays resets the emulated media.
      await limit?.detach();
      limit = bytesPerSecond > 0 ? await context.newCDPSession(page) : null;
      const speed = { downloadThroughput: -1, uploadThroughput: bytesPerSecond };
      await limit?.send('Network.emulateNetworkConditions', { offline: false, latency: 0, ...speed });
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      await limit?.detach();
      const found = violations.splice(0);
      // A navigation that the test left under way may interrupt ours.
      const isLeft = await leave(tab).catch(() => false);
      if (isLeft) waiting.push(tab);
      else await context.close();
      expect(found.join('\n'), 'errors of the page since its last check').to.equal('');
    },
  };
}

async function openTab(
  browser: Browser,
  options: BrowserContextOptions,
  { script, hasClock }: Pick<WatchOptions, 'script' | 'hasClock'>,
): Promise<Tab> {
  const context = await browser.newContext({ ...options, reducedMotion: 'reduce' });
  // A busy machine may need more than the usual half a minute for the console's first page.
  context.setDefaultTimeout(60_000);
  if (hasClock) await context.clock.install();
  const page = await context.newPage();
  const violations: string[] = [];
  // By the console, which is listened to: a function of ours in each document would cost more.
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) =>
    console.error('Content Security Policy:', event.violatedDirective, event.blockedURI, 'at', location.pathname))`);
  if (script) await page.addInitScript(script);
  return { page, context, violations };
}

/** React leaves out a part of the page whose drawing failed, and prints the error. */
const brokenPart = /^(Type|Reference|Range|Syntax)?Error\b/;

function listen({ page, violations }: Tab): void {
  page.on('console', (message) => {
    const text = message.text();
    const isCaught = message.type() === 'error' && brokenPart.test(text);
    if (isCaught || /content security policy/i.test(text)) violations.push(text);
  });
  page.on('pageerror', (error) => void violations.push(String(error)));
}

/** Leaves nothing of a test to the next one, except what the browser's cache holds. */
async function leave({ page, context, violations }: Tab): Promise<true> {
  for (const other of context.pages()) if (other !== page) await other.close();
  for (const event of [
    'request',
    'requestfailed',
    'requestfinished',
    'response',
    'download',
    'console',
    'pageerror',
  ]) {
    page.removeAllListeners(event);
    context.removeAllListeners(event);
  }
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await context.unrouteAll({ behavior: 'ignoreErrors' });
  await context.setOffline(false);
  await page.goto(emptyPage);
  await page.evaluate('localStorage.clear(); sessionStorage.clear()');
  await context.clearCookies();
  await page.mouse.move(0, 0);
  violations.length = 0;
  return true;
}

async function lookAt(page: Page, script: string): Promise<[string, number]> {
  for (;;) {
    const seen: unknown = await page.evaluate(script);
    if (typeof seen !== 'string') return seen as [string, number];
    if (seen === 'unsettled') {
      await page.locator('main, [role=main]').first().waitFor({ state: 'attached' });
      await page.locator('.htmx-request').first().waitFor({ state: 'detached' });
    }
    // A page of another server.
    else await page.evaluate(axeSource());
  }
}
