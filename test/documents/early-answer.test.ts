// Refused uploads are answered while they are still being sent, and uploads of disconnected clients are not stored.
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import express from 'express';
import { closeUnread } from '../../src/http/middleware/unread.ts';
import { executable, pdf, samples } from '../support/builders/files.ts';
import {
  boundary,
  closing,
  cookieOf,
  field,
  fileHead,
  nothing,
  openDocumentFixture,
  rawUpload,
  type DocumentFixture,
} from '../support/document-fixture.ts';
import { untilBlocked } from '../support/locks.ts';
import { until } from '../support/until.ts';

describe('an upload that is refused while it arrives', () => {
  let fixture: DocumentFixture;
  let cookie: string;
  before(async () => {
    fixture = await openDocumentFixture({ env: { UPLOAD_MAX_BYTES: '1000000' } });
    cookie = await cookieOf(fixture, 'rita@harbour-legal.example');
  });
  after(() => fixture.close());

  const category = field('category', 'brief');
  const notes = Array.from({ length: 21 }, () => [
    fileHead('a.txt'),
    samples.txt,
    Buffer.from('\r\n'),
  ]).flat();
  const elsewhere = Buffer.from(fileHead('a.pdf').toString().replace('"files"', '"upload"'));
  const cases: [string, number, Buffer[]][] = [
    ['a program', 415, [category, fileHead('a.pdf'), executable, Buffer.alloc(100_000)]],
    ['one that is too large', 413, [category, fileHead('a.pdf'), pdf(1_100_000)]],
    ['its 21st file', 422, [category, ...notes]],
    ['a file without a category', 422, [fileHead('a.pdf'), pdf(10_000)]],
    ['a file in another field', 422, [category, elsewhere, pdf(10_000)]],
  ];
  for (const [what, status, begin] of cases) {
    it(`is answered before its end and leaves nothing when it is refused for ${what}`, async () => {
      const upload = await rawUpload(fixture, `/bookings/${fixture.bookingId}/documents`, cookie);
      for (const bytes of begin) await upload.write(bytes);
      expect((await upload.answer).status).to.equal(status);
      // A client that stops in time is not cut off, whether or not it read the answer.
      await upload.write(Buffer.alloc(10_000));
      upload.end();
      expect(await fixture.traces()).to.deep.equal(nothing);
    });
  }

  it('is answered before its end when the booking is another organisation’s', async () => {
    const nadia = await cookieOf(fixture, 'nadia@northside-claims.example');
    const upload = await rawUpload(fixture, `/bookings/${fixture.bookingId}/documents`, nadia);
    await upload.write(Buffer.concat([category, fileHead('a.pdf'), pdf(10_000)]));
    expect((await upload.answer).status).to.equal(404);
    upload.end();
  });

  it('is cut off when the client keeps sending after the answer', async () => {
    const app = express().use(closeUnread(200), (_req, res) => void res.status(415).end());
    const server = createServer(app).listen(0, '127.0.0.1');
    await new Promise((resolve) => {
      server.once('listening', resolve);
    });
    const { port } = server.address() as AddressInfo;
    const sending = request({ port, method: 'POST', host: '127.0.0.1' });
    const status = new Promise((resolve) => {
      sending.once('response', (res) => resolve(res.resume().statusCode));
    });
    const cut = new Promise((resolve) => {
      sending.on('error', () => undefined);
      sending.once('close', resolve);
    });
    const endless = setInterval(() => void sending.write(Buffer.alloc(10_000)), 10);
    expect(await Promise.race([cut.then(() => 'cut off'), sleep(20_000, 'read', { ref: false })])).to.equal(
      'cut off',
    );
    expect(await status).to.equal(415);
    clearInterval(endless);
    server.close();
  });

  it('is not stored when the client disconnects after sending everything', async () => {
    const storing = Promise.withResolvers<void>();
    const proceed = Promise.withResolvers<void>();
    fixture.storage.server.injectFault = async ({ method }) => {
      if (method !== 'PUT') return undefined;
      storing.resolve();
      await proceed.promise;
      return undefined;
    };
    const upload = await rawUpload(fixture, `/bookings/${fixture.bookingId}/documents`, cookie);
    await upload.write(Buffer.concat([category, fileHead('a.pdf'), pdf(10_000), closing]));
    upload.end();
    await storing.promise;
    upload.disconnect();
    await sleep(100);
    proceed.resolve();
    const isRefused = async () =>
      (await fixture.audit('document.refused')).at(-1)?.metadata.reason === 'aborted';
    await until(isRefused);
    fixture.storage.server.injectFault = null;
    expect(await fixture.traces()).to.deep.equal(nothing);
  });

  const unreadable = [
    'multipart/form-data',
    'multipart/form-data;',
    'multipart/form-data; boundary',
    `multipart/form-data; boundary="${boundary}`,
  ];
  for (const contentType of unreadable) {
    const shownType = contentType.replace(boundary, '…');
    const begin = async () => {
      const path = `/bookings/${fixture.bookingId}/documents`;
      const upload = await rawUpload(fixture, path, cookie, contentType);
      await upload.write(Buffer.concat([category, fileHead('a.pdf'), pdf(10_000)]));
      return upload;
    };

    it(`is answered 400 when it is sent as ${shownType}`, async () => {
      const upload = await begin();
      const answer = await upload.answer;
      expect([answer.status, answer.body.code]).to.deep.equal([400, 'bad_request']);
      upload.end();
      expect(await fixture.traces()).to.deep.equal(nothing);
    });

    it(`is ended without an error when it is sent as ${shownType} and the client disconnects before the answer`, async () => {
      const refusals = async () => (await fixture.audit('document.refused')).length;
      const before = await refusals();
      const hold = await fixture.app.database.owner.transaction();
      await hold.raw('lock table audit_log in exclusive mode');
      const upload = await begin();
      await untilBlocked(fixture.app.database.owner);
      upload.disconnect();
      // An unhandled error event would end the process, and this test run.
      await sleep(100);
      await hold.rollback();
      await until(async () => (await refusals()) === before + 1);
      expect(await fixture.traces()).to.deep.equal(nothing);
    });
  }

  it('keeps the connection open when the client has sent everything', async () => {
    const send = () =>
      fetch(`${fixture.app.url}/bookings/${fixture.bookingId}/documents`, {
        method: 'POST',
        headers: {
          cookie,
          origin: fixture.app.url,
          accept: 'application/json',
          'content-type': `multipart/form-data; boundary=${boundary}`,
        },
        body: new Uint8Array(Buffer.concat([category, fileHead('a.pdf'), executable, closing])),
      });
    for (const _ of [1, 2]) expect((await send()).status).to.equal(415);
  });
});
