// A browser that sends a large file directly to the store, one step at a time.
import { createHash } from 'node:crypto';
import type { Response as Answer, Test } from 'supertest';
import type { Agent } from './app.ts';
import type { DocumentFixture, UploadedDocument } from './document-fixture.ts';

export interface Offer {
  partNumber: number;
  stored: boolean;
  url?: string;
  headers?: Record<string, string>;
  expiresAt?: string;
}

export interface Claim {
  partNumber: number;
  sha256: string;
}

export interface DirectSender {
  id: string;
  partCount: number;
  /** The response to the start. */
  status: number;
  claims: Claim[];
  partOf(partNumber: number): Buffer;
  offer(...partNumbers: number[]): Promise<Offer[]>;
  put(offer: Offer, bytes?: Buffer): Promise<Response>;
  /** Requests an address for each of these parts (default: all), and sends the missing ones. */
  send(...partNumbers: number[]): Promise<number[]>;
  complete(claims?: Claim[], agent?: Agent): Test;
  /** Completes the upload, and expects success. */
  finish(): Promise<UploadedDocument>;
  cancel(because?: string): Test;
}

export function beginDirect(
  { rita, bookingId }: Pick<DocumentFixture, 'rita' | 'bookingId'>,
  file: { fileName?: string; sizeBytes?: number; category?: string },
  agent: Agent = rita,
): Test {
  return agent
    .post(`/bookings/${bookingId}/documents/uploads`)
    .send({ fileName: 'large.pdf', sizeBytes: 20_000_000, category: 'brief', ...file });
}

export async function sendDirectly(
  fixture: Pick<DocumentFixture, 'rita' | 'bookingId'>,
  bytes: Buffer,
  file: { fileName?: string; category?: string } = {},
  agent: Agent = fixture.rita,
): Promise<DirectSender> {
  const started = await beginDirect(fixture, { sizeBytes: bytes.length, ...file }, agent);
  return senderOf(fixture, bytes, started, agent);
}

/** Goes on with an upload that `beginDirect` began. */
export function senderOf(
  fixture: Pick<DocumentFixture, 'rita' | 'bookingId'>,
  bytes: Buffer,
  started: Answer,
  agent: Agent = fixture.rita,
): DirectSender {
  if (started.status > 201) throw new Error(`Beginning it answered ${started.status}`);
  const { id, partBytes, partCount } = (
    started.body as { upload: { id: string; partBytes: number; partCount: number } }
  ).upload;
  const path = `/bookings/${fixture.bookingId}/documents/uploads/${id}`;
  const partOf = (partNumber: number) => bytes.subarray(partBytes * (partNumber - 1), partBytes * partNumber);
  const numbers = Array.from({ length: partCount }, (_, index) => index + 1);
  const claims = numbers.map((partNumber) => ({
    partNumber,
    sha256: createHash('sha256').update(partOf(partNumber)).digest('hex'),
  }));
  const sender: DirectSender = {
    id,
    partCount,
    status: started.status,
    claims,
    partOf,
    async offer(...partNumbers) {
      const parts = claims.filter(({ partNumber }) => partNumbers.includes(partNumber));
      const answer = await agent.post(`${path}/parts`).send({ parts }).expect(200);
      return (answer.body as { parts: Offer[] }).parts;
    },
    put: ({ url = '', headers = {}, partNumber }, part = partOf(partNumber)) =>
      fetch(url, { method: 'PUT', headers, body: new Uint8Array(part) }),
    async send(...partNumbers) {
      const offers = await sender.offer(...(partNumbers.length > 0 ? partNumbers : numbers));
      const missing = offers.filter(({ stored }) => !stored);
      for (const offer of missing) {
        const answer = await sender.put(offer);
        if (answer.status !== 200) throw new Error(`A part was answered ${answer.status}`);
      }
      return missing.map(({ partNumber }) => partNumber);
    },
    complete: (parts = claims, by = agent) => by.post(`${path}/complete`).send({ parts }),
    async finish() {
      const answer = await sender.complete().expect(201);
      const [document] = (answer.body as { documents: UploadedDocument[] }).documents;
      if (!document) throw new Error('It became no document');
      return document;
    },
    cancel: (because) => agent.delete(because === undefined ? path : `${path}?because=${because}`),
  };
  return sender;
}
