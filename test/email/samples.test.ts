import { expect } from 'chai';
import { composeSamples } from '../../src/dev/mail-samples.ts';
import { startMailbox } from '../../src/dev/mailbox.ts';
import { mailKindNames, mailKinds } from '../../src/mail-kinds/index.ts';
import { inProduction, startTestApp, type TestApp } from '../support/app.ts';
import { missingValueIn } from '../support/clean-pages.ts';
import { aBookingOf } from '../support/console-records.ts';

describe('the samples of e-mails', () => {
  let app: TestApp;
  const samples = () => composeSamples(app.database.url);
  before(async () => {
    app = await startTestApp();
    await aBookingOf(app.db, 'rita', {
      examinee_first_name: 'Ewan',
      examinee_last_name: 'Marsh',
      starts_at: new Date(Date.now() + 86_400_000),
    });
  });
  after(() => app.close());

  it('have one of every kind, and leave nothing in the database', async () => {
    const rows = () => Promise.all(['emails', 'account_links', 'drift_items'].map((table) => app.db(table)));
    const before = await rows();
    const all = await samples();
    expect(all.map(({ kind }) => kind)).to.deep.equal(mailKindNames);
    expect(await rows()).to.deep.equal(before);
  });

  it('are mails that programs show: tables, a text part, both colour schemes, no picture without words', async () => {
    for (const { kind, html, text, subject } of await samples()) {
      const shown = html ?? '';
      expect(shown, kind).to.match(/^<!doctype html>\n<html lang="en-AU">/);
      expect(shown.match(/<h1/g), kind).to.have.length(1);
      for (const part of [
        'name="color-scheme" content="light dark"',
        'prefers-color-scheme: dark',
        'role="presentation"',
      ])
        expect(shown, kind).to.include(part);
      expect(shown.replaceAll(/<img[^>]* alt="/g, ''), kind).to.not.include('<img');
      expect(shown, kind).to.not.match(/<script|<link|\son\w+=|javascript:|class="[^"]*"\s+class=/);
      for (const words of [shown, text, subject]) expect(missingValueIn(words), kind).to.equal(null);
      expect(text.trim(), kind).to.not.equal('');
    }
  });

  it('name no examinee in a subject, where locked screens show it', async () => {
    for (const { kind, subject } of await samples()) expect(subject, kind).to.not.match(/Ewan|Marsh/);
  });

  it('offer one click exactly where a kind may be stopped', async () => {
    for (const { kind, stopUrl, html } of await samples()) {
      const isStoppable = (mailKinds[kind].choices as readonly string[]).includes('off');
      expect(stopUrl !== null, kind).to.equal(isStoppable);
      expect(html?.includes('Stop this kind'), kind).to.equal(isStoppable);
    }
  });

  it('are a page of the demo’s mailbox, and of nothing else', async () => {
    const open = async (mailbox: Awaited<ReturnType<typeof startMailbox>>, path: string) => {
      const answer = await fetch(mailbox.url + path);
      return { status: answer.status, text: await answer.text() };
    };
    const withSamples = await startMailbox({ smtpPort: 0, httpPort: 0, samples });
    const without = await startMailbox({ smtpPort: 0, httpPort: 0 });
    try {
      const page = await open(withSamples, '/samples');
      expect(page.status).to.equal(200);
      for (const kind of mailKindNames) expect(page.text).to.include(`href="/samples/${kind}"`);
      expect((await open(withSamples, '/samples/report_ready')).status).to.equal(200);
      expect((await open(withSamples, '/samples/report_ready/html')).text).to.include('A report is ready');
      expect((await open(withSamples, '/samples/nonsense')).status).to.equal(404);
      expect((await open(without, '/samples')).status).to.equal(404);
    } finally {
      await withSamples.close();
      await without.close();
    }
    const production = await startTestApp({ env: inProduction });
    try {
      await production.anonymous().get('/samples').expect(404);
      await production.anonymous().get('/samples/report_ready/html').expect(404);
    } finally {
      await production.close();
    }
  });
});
