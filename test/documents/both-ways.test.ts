import { expect } from 'chai';
import { documentKinds, type DocumentKind } from '../../src/documents/index.ts';
import { awkwardFiles } from '../support/builders/awkward-files.ts';
import { beginDirect, senderOf } from '../support/direct-upload.ts';
import { openDocumentFixture, type DocumentFixture } from '../support/document-fixture.ts';

interface Answer {
  documents?: { fileName: string; mimeType: string }[];
  because?: string;
  code?: string;
}

describe('a file as people have it', () => {
  let fixture: DocumentFixture;
  before(async () => {
    fixture = await openDocumentFixture();
  });
  after(() => fixture.close());

  for (const { what, name, bytes, gives, storedAs = name } of awkwardFiles)
    it(`gets the same answer through the form and directly: ${what}`, async () => {
      const answers = [await fixture.send({ [name]: bytes }), await completedDirectly(name, bytes)];
      for (const { status, body } of answers) {
        const { documents, because, code } = body as Answer;
        if (gives in documentKinds) {
          expect(status).to.equal(201);
          expect(documents?.[0]).to.include({
            fileName: storedAs,
            mimeType: documentKinds[gives as DocumentKind].mimeType,
          });
        } else if (gives === 'empty') expect(code).to.equal('invalid');
        else expect({ code, because }).to.deep.equal({ code: 'unsupported_type', because: gives });
      }
    });

  async function completedDirectly(fileName: string, bytes: Buffer) {
    const begun = await beginDirect(fixture, { fileName, sizeBytes: bytes.length });
    if (begun.status >= 400) return begun;
    const sender = senderOf(fixture, bytes, begun);
    await sender.send();
    return sender.complete();
  }
});
