import { expect } from 'chai';
import { ContentRefused, type RandomAccess } from '../../src/documents/content/content.ts';
import { inspectPdf } from '../../src/documents/content/pdf.ts';
import { parsePdfObject } from '../../src/documents/content/pdf-syntax.ts';
import { createRc4 } from '../../src/documents/content/rc4.ts';
import { encryptedPdf, encryptions, pdfWithTrailer, shapes } from '../support/builders/encrypted-pdf.ts';

async function inspect(bytes: Buffer): Promise<string> {
  const file: RandomAccess = {
    size: bytes.length,
    read: (start, length) => Promise.resolve(bytes.subarray(start, start + length)),
  };
  return inspectPdf(file).catch((error: unknown) => {
    if (error instanceof ContentRefused) return error.fault;
    throw error;
  });
}

describe('inspectPdf', () => {
  for (const [name, { open, locked }] of Object.entries(encryptions)) {
    it(`accepts a PDF that only forbids printing, and refuses one with a password: ${name}`, async () => {
      for (const shape of shapes) {
        expect(await inspect(encryptedPdf(open, shape)), shape).to.equal('pdf');
        expect(await inspect(encryptedPdf(locked, shape)), shape).to.equal('encrypted');
      }
    });
  }

  it('accepts every PDF that is not encrypted, whatever it holds', async () => {
    const locked = encryptedPdf(encryptions['AES of 256 bits (R6)']?.locked ?? expect.fail());
    for (const shape of shapes) expect(await inspect(pdfWithTrailer(null, shape)), shape).to.equal('pdf');
    const plain = pdfWithTrailer(null);
    // As an attachment that is not compressed.
    const text = plain.toString('latin1');
    const holding = Buffer.from(
      text.replace('2 0 obj', `5 0 obj\n${locked.toString('latin1')}\n2 0 obj`),
      'latin1',
    );
    const at = holding.lastIndexOf('xref\n0 1');
    const moved = Buffer.from(
      holding.toString('latin1').replace(/startxref\n\d+\n%%EOF\n$/, `startxref\n${at}\n%%EOF\n`),
      'latin1',
    );
    expect(await inspect(moved)).to.equal('pdf');
    for (const bytes of ['%PDF-1.4', '%PDF-1.4\nstartxref\n99999999999\n%%EOF', '%PDF-1.4\ntrailer <<'])
      expect(await inspect(Buffer.from(bytes)), bytes).to.equal('pdf');
  });

  it('accepts a PDF of which only the attachments are encrypted', async () => {
    const said =
      '<< /Filter /Standard /V 4 /R 4 /EFF /StdCF /CF << /StdCF << /CFM /AESV2 >> >> /O (o) /U (u) /P -4 >>';
    expect(await inspect(pdfWithTrailer(said))).to.equal('pdf');
    expect(await inspect(pdfWithTrailer(said.replace('/EFF', '/StmF')))).to.equal('encrypted');
  });

  it('refuses a PDF that only certificates or an unknown encryption open', async () => {
    expect(await inspect(pdfWithTrailer('<< /Filter /Adobe.PubSec /V 4 >>'))).to.equal('encrypted');
    expect(await inspect(pdfWithTrailer('<< /Filter /Standard /V 6 /R 9 /StmF /StdCF >>'))).to.equal(
      'encrypted',
    );
    expect(await inspect(pdfWithTrailer('<< /Filter /Standard >>'))).to.equal('encrypted');
    expect(await inspect(pdfWithTrailer('(not a dictionary)'))).to.equal('broken');
  });
});

describe('parsePdfObject', () => {
  const parse = (text: string) => parsePdfObject(Buffer.from(text, 'latin1'));

  it('reads every kind of object', () => {
    expect(parse('(a\\(b\\051 (c) \\\r\nd\\n\\12e\\q)')).to.deep.equal(Buffer.from('a(b) (c) d\n\neq'));
    expect(parse('<4 1 4>')).to.deep.equal(Buffer.from('A@'));
    expect(parse('/A#20B')).to.deep.equal({ name: 'A B' });
    expect(parse('[1 -2.5 +3 true null 4 0 R/N 5]')).to.deep.equal([
      1,
      -2.5,
      3,
      true,
      null,
      { object: 4, generation: 0 },
      { name: 'N' },
      5,
    ]);
    expect(parse('%note\n<</A<</B(x)>>/C 1 0 R>>')).to.deep.equal(
      new Map<string, unknown>([
        ['A', new Map([['B', Buffer.from('x')]])],
        ['C', { object: 1, generation: 0 }],
      ]),
    );
  });

  it('finds nothing in what is cut off, too deep, or no object', () => {
    for (const text of ['', '<< /A', '(abc', '[1', '<41', '<< 1 2 >>', 'endobj', '['.repeat(5_000)])
      expect(parse(text), text.slice(0, 10)).to.equal(undefined);
  });
});

describe('createRc4', () => {
  it('encrypts as the published examples say', () => {
    const hex = (key: string, text: string) => createRc4(Buffer.from(key))(Buffer.from(text)).toString('hex');
    expect(hex('Key', 'Plaintext')).to.equal('bbf316e8d940af0ad3');
    expect(hex('Wiki', 'pedia')).to.equal('1021bf0420');
    expect(hex('Secret', 'Attack at dawn')).to.equal('45a01f645fc35b383552544b9bf5');
  });
});
