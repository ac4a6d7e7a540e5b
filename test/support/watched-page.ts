// A page in a real browser whose accessibility (axe), content security policy and width are checked.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { demoPassword } from '../../seeds/demo.ts';
import type { SessionCookie } from './session.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** The rules that look at colours: all that can differ between the schemes, whose tokens are colours only. */
const colourRules = ['color-contrast', 'link-in-text-block'];

/** Until no colour is on its way to another: axe would measure what is between. One transition may start the next. */
const endOfTransitions = `(async () => {
  for (;;) {
    const running = document.getAnimations().filter((one) => one instanceof CSSTransition);
    if (running.length === 0) return;
    await Promise.allSettled(running.map(({ finished }) => finished));
  }
})()`;

export interface Watched {
  page: Page;
  context: BrowserContext;
  /** Expects no policy violation, no overflow and no axe finding. */
  check(): Promise<void>;
  /** The same in the light scheme, and in the dark one without loading the page again. */
  checkBothSchemes(): Promise<void>;
  /** Signs in by the form, for tests of signing in. */
  signIn(email: string): Promise<void>;
  /** Uses an existing session (TestApp.sessionCookie) from the next page on. */
  useSession(cookie: SessionCookie): Promise<void>;
  close(): Promise<void>;
}

export interface WatchOptions {
  width: number;
  javaScript?: boolean;
  colorScheme?: 'light' | 'dark';
  timezoneId?: string;
  /** Runs in each document before its own scripts. */
  script?: string;
}

export async function watchedPage(
  browser: Browser,
  baseURL: string,
  options: WatchOptions,
): Promise<Watched> {
  const { width, colorScheme = 'light' } = options;
  const { javaScript = true, timezoneId = 'Australia/Perth', script } = options;
  const context = await browser.newContext({
    baseURL,
    colorScheme,
    timezoneId,
    javaScriptEnabled: javaScript,
    reducedMotion: 'reduce',
    viewport: { width, height: 900 },
  });
  // A busy machine may need more than the usual half a minute for the console's first page.
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const violations: string[] = [];
  await page.exposeFunction('reportViolation', (text: string) => void violations.push(text));
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (event) =>
    window.reportViolation(event.violatedDirective + ' ' + event.blockedURI + ' at ' + location.pathname))`);
  if (script) await page.addInitScript(script);
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) violations.push(message.text());
  });
  page.on('pageerror', (error) => void violations.push(String(error)));

  async function check(only = rules): Promise<void> {
    // Text can appear before its styles are applied.
    await page.waitForLoadState();
    const at = new URL(page.url()).pathname;
    expect(violations.splice(0), `policy at ${at}`).to.deep.equal([]);
    if (!javaScript) return;
    // Our script names the console's landmarks after AdminJS has drawn them.
    await page.locator('main, [role=main]').first().waitFor({ state: 'attached' });
    expect(await page.evaluate('document.documentElement.scrollWidth'), `width of ${at}`).to.be.at.most(
      width,
    );
    // A part that htmx replaces is pale until its answer has settled.
    await page.locator('.htmx-request').first().waitFor({ state: 'detached' });
    await page.evaluate(endOfTransitions);
    expect((await axeFindings(page, only)).join('\n'), `axe at ${at}`).to.equal('');
    expect(violations.splice(0), `policy at ${at}`).to.deep.equal([]);
  }

  return {
    page,
    context,
    check: () => check(),
    async checkBothSchemes() {
      await page.emulateMedia({ colorScheme: 'light' });
      await check();
      await page.emulateMedia({ colorScheme: 'dark' });
      await check(colourRules);
    },
    async signIn(email) {
      await page.goto('/sign-in');
      await page.getByLabel('E-mail address').fill(email);
      await page.getByLabel('Password').fill(demoPassword);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL((url) => url.pathname !== '/sign-in');
    },
    useSession: (cookie) =>
      context.addCookies([{ ...cookie, url: baseURL, httpOnly: true, sameSite: 'Lax' }]),
    close: () => context.close(),
  };
}

async function axeFindings(page: Page, only: string[]): Promise<string[]> {
  if (!(await page.evaluate('typeof window.axe?.run === "function"'))) await page.evaluate(axe);
  // None of our rules reads style sheets, which axe otherwise loads.
  const options = { runOnly: only, resultTypes: ['violations'], preload: { assets: ['media'] } };
  const found: unknown = await page.evaluate(
    `axe.run(document, ${JSON.stringify(options)}).then(({ violations }) =>
       violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target.join(' ')).join(', ')))`,
  );
  return found as string[];
}
