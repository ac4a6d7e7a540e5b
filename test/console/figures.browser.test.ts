// The page of figures: every number is that of the list it leads to, nobody but staff sees it, and it can be read without
// colours, on a phone and in the dark.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Browser } from 'playwright-core';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { openBrowser } from '../support/browser.ts';
import { aBookingOf } from '../support/console-records.ts';
import { markupErrors } from '../support/visitor.ts';
import { watchedPage } from '../support/watched-page.ts';
import { aDriftReport } from '../support/builders/drift-report.ts';

const shots = process.env.SCREENSHOTS;
const sam = 'sam@examdesk.example';
const day = 86_400_000;

describe('the console’s figures', function () {
  this.timeout(120_000);
  let app: TestApp;
  let browser: Browser;
  let agent: Agent;
  const now = Date.now();
  const ago = (days: number) => new Date(now - days * day);

  before(async () => {
    [app, browser] = await Promise.all([startTestApp(), openBrowser()]);
    agent = await app.signIn(sam);
  });
  after(async () => {
    await browser.close();
    await app.close();
  });

  const visit = async () => (await app.signedInVisitor(sam)).get('/admin/figures');

  it('says what there is not, before anything happened', async () => {
    const page = await visit();
    expect(page.status).to.equal(200);
    expect(page.texts('.figures section > p')).to.deep.equal([
      'Nobody has booked in these weeks.',
      'Nobody has booked in these weeks.',
      'No report came in these weeks.',
      'No examination is booked for the next 28 days.',
      'No webhook event was processed in these weeks.',
      'Reconciliations found no difference in these weeks.',
    ]);
    expect(page.has('.figures svg')).to.equal(false);
  });

  describe('once there is something to count', () => {
    before(async () => {
      for (const [name, created] of [
        ['rita', 1],
        ['rita', 1],
        [null, 1],
        ['nadia', 15],
        [null, 50],
        // Before the first week that is shown.
        ['rita', 100],
      ] as const)
        await aBookingOf(app.db, name, { created_at: ago(created), starts_at: ago(-200) });
      await reportOf({ examined: 20, reported: [10] });
      await reportOf({ examined: 24, reported: [10] });
      // Only the first report counts: the second came after a change.
      await reportOf({ examined: 60, reported: [40, 12] });
      for (const [starts, but] of [
        [-3, {}],
        [-10, { duration_minutes: 45 }],
        [-40, {}],
        [-3, { status: 'cancelled', current_progress: 'cancelled' }],
      ] as const)
        await aBookingOf(app.db, 'rita', { created_at: ago(200), starts_at: ago(starts), ...but });
      for (const [received, seconds, but] of [
        [2, 30, {}],
        [2, 90, {}],
        [2, 86_400, { replayed_at: ago(1) }],
        [2, 10, { state: 'dead', processed_at: null }],
        [30, 5, {}],
      ] as const)
        await anEvent(ago(received), seconds, but);
      await differences();
    });

    async function reportOf({ examined, reported }: { examined: number; reported: number[] }): Promise<void> {
      const id = await aBookingOf(app.db, 'rita', {
        created_at: ago(200),
        starts_at: ago(examined),
        current_progress: 'report_generated',
      });
      for (const at of reported)
        await app.db('booking_progress').insert({
          id: randomUUID(),
          booking_id: id,
          progress: 'report_generated',
          source: 'portal',
          created_at: ago(at),
        });
    }

    async function anEvent(received: Date, seconds: number, but: Record<string, unknown>): Promise<void> {
      await app.db('webhook_events').insert({
        id: randomUUID(),
        channel: 'relay',
        action: 'changed',
        appointment_id: 1,
        state: 'processed',
        body_digest: Buffer.alloc(32),
        received_at: received,
        processed_at: new Date(received.getTime() + seconds * 1_000),
        ...but,
      });
    }

    async function differences(): Promise<void> {
      const report = await aDriftReport(app.db, {
        kind: 'manual',
        started_at: ago(3),
        finished_at: ago(3),
      });
      for (const [state, at] of [
        ['fixed', 3],
        ['left', 3],
        ['left', 33],
      ] as const)
        await app.db('drift_items').insert({
          id: randomUUID(),
          report_id: report,
          appointment_id: 1_000 + at + (state === 'left' ? 1 : 0),
          difference: 'time',
          state,
          announced: true,
          found_at: ago(at),
        });
    }

    /** What the list behind a link counts. */
    const totalOf = async (href: string): Promise<number> => {
      const [, table = '', query = ''] = /^\/admin\/resources\/([\w-]+)\?(.*)$/.exec(href) ?? [];
      const { body } = await agent
        .get(`/admin/api/resources/${table}/actions/list?${query}`)
        .set('Sec-Fetch-Site', 'same-origin')
        .expect(200);
      return body.meta.total as number;
    };

    const sectionOf = (page: Awaited<ReturnType<typeof visit>>, id: string): string =>
      page.html.split('<section ').find((part) => part.includes(`id="${id}"`)) ?? '';

    /** Each table's rows, as text. */
    const rowsOf = (page: Awaited<ReturnType<typeof visit>>, id: string): string[][] =>
      page
        .all(`#${id} tbody tr`)
        .map((row) => row.querySelectorAll('td').map((cell) => cell.textContent.trim()));

    it('draws and lists what the rows say', async () => {
      const page = await visit();
      expect(await markupErrors(page)).to.deep.equal([]);
      const sums = (id: string, cell: number) =>
        rowsOf(page, id).reduce((sum, cells) => sum + Number(cells[cell] ?? 0), 0);
      expect([1, 2, 3].map((cell) => sums('booked', cell))).to.deep.equal([5, 3, 2]);
      expect(rowsOf(page, 'booked')).to.have.length(12);
      expect(rowsOf(page, 'shares')).to.deep.equal([
        ['Made here', '3', '60 %'],
        ['Made in Acuity', '2', '40 %'],
      ]);
      expect(rowsOf(page, 'reports').filter(([, , , count]) => count !== '0')).to.have.deep.members([
        [rowsOf(page, 'reports').find(([, median]) => median === '20')?.[0], '20', '20', '1'],
        [rowsOf(page, 'reports').find(([, median]) => median === '12')?.[0], '12', '14', '2'],
      ]);
      expect(rowsOf(page, 'load')).to.deep.equal([['Dr Amelia Hart', '2', '1.8 h']]);
      expect(sums('delays', 3)).to.equal(3);
      expect(
        rowsOf(page, 'delays')
          .find(([, , , count]) => count === '2')
          ?.slice(1, 3),
      ).to.deep.equal(['60', '87']);
      expect([1, 2, 3].map((cell) => sums('drift', cell))).to.deep.equal([3, 1, 2]);
      for (const id of ['booked', 'reports', 'delays', 'drift'])
        expect(sectionOf(page, id).split('<g class="figure-column">'), id).to.have.length(13);
    });

    it('leads from each bar and each number to the list that has as many rows', async () => {
      const page = await visit();
      for (const link of page.all('.figures td a')) {
        const href = link.getAttributeValue('href')!.replaceAll('&#38;', '&').replaceAll('&amp;', '&');
        expect(await totalOf(href), href).to.equal(Number(link.textContent.trim()));
      }
      const bars = ['booked', 'shares', 'reports', 'load', 'delays', 'drift'].flatMap((id) => {
        const [drawing = ''] = sectionOf(page, id).split('<details>');
        return [...drawing.matchAll(/<a href="([^"]+)"/g)].map(([, href]) => href);
      });
      const cells = page.all('.figures td a').map((cell) => cell.getAttributeValue('href'));
      expect(bars).to.have.length.above(25);
      expect(cells).to.include.members(bars);
    });

    it('holds no health information, and is small', async () => {
      const { text, headers } = await agent
        .get('/admin/figures')
        .set('Accept', 'text/html')
        .set('Accept-Encoding', 'identity')
        .expect(200);
      expect(text).not.to.match(/Ewan|Marsh|61412345678/);
      expect(Buffer.byteLength(text)).to.be.below(60_000);
      expect(headers['cache-control']).to.contain('no-store');
    });

    for (const [name, look] of [
      ['at a desk, in light and dark', { width: 1280 }],
      ['on a small phone, in light and dark', { width: 320 }],
      ['without JavaScript', { width: 1280, javaScript: false }],
    ] as const)
      it(`can be read ${name}, and its bars lead on by keyboard`, async () => {
        const watched = await watchedPage(browser, app.url, look);
        const { page } = watched;
        try {
          await watched.useSession(await app.sessionCookie(sam));
          for (const path of ['/admin/figures', ...('javaScript' in look ? [] : ['/admin'])]) {
            await page.goto(path);
            const bar = page.getByRole('link', {
              name: /^Week from .*: 3 bookings, 2 made here, 1 made in Acuity$/,
            });
            await bar.waitFor();
            await watched.checkBothSchemes();
            if (shots && !('javaScript' in look))
              await page.screenshot({
                path: `${shots}/figures${path.replaceAll('/', '-')}-${look.width}.png`,
                fullPage: true,
              });
            await bar.focus();
            await page.keyboard.press('Enter');
            await page.waitForURL(/\/admin\/resources\/bookings\?filters\.createdAt~~from=/);
          }
          if ('javaScript' in look) return;
          await page.goto('/admin/figures');
          await page.getByText('As a table').first().click();
          await page.getByRole('table', { name: 'New bookings a week' }).waitFor();
          await watched.checkBothSchemes();
        } finally {
          await watched.close();
        }
      });
  });
});
