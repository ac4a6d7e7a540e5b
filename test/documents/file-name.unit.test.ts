import { expect } from 'chai';
import { cleanFileName, withExtension } from '../../src/documents/file-name.ts';
import { attachment } from '../../src/http/file-response.ts';

describe('cleanFileName', () => {
  const cases: [string, string, string | null][] = [
    ['Brief of Evidence.PDF', 'Brief of Evidence.PDF', 'pdf'],
    ['../../etc/passwd', 'passwd', null],
    ['C:\\Users\\rita\\scan.pdf', 'scan.pdf', 'pdf'],
    ['..', 'document', null],
    ['', 'document', null],
    ['.pdf', 'pdf', null],
    ['two\nlines\r.pdf', 'two lines .pdf', 'pdf'],
    ['he said "yes"?.pdf', 'he said _yes__.pdf', 'pdf'],
    ["Rita's: <final>.docx", "Rita's_ _final_.docx", 'docx'],
    ['harmless\u202efdp.exe', 'harmlessfdp.exe', 'exe'],
    ['zero\u200bwidth\ufeff.pdf', 'zerowidth.pdf', 'pdf'],
    ['nul\u0000byte.pdf', 'nulbyte.pdf', 'pdf'],
    ['Gutachten Müller – 12 März.pdf', 'Gutachten Müller – 12 März.pdf', 'pdf'],
    ['日本語.pdf', '日本語.pdf', 'pdf'],
    ['Smith v. Jones', 'Smith v. Jones', null],
    ['scan.pdf . . ', 'scan.pdf', 'pdf'],
  ];
  for (const [given, name, extension] of cases) {
    it(`${JSON.stringify(given)} becomes ${JSON.stringify(name)}`, () => {
      expect(cleanFileName(given)).to.deep.equal({ name, extension });
    });
  }

  it('cuts a long name, keeps its extension, and never splits a character', () => {
    const long = cleanFileName(`${'x'.repeat(300)}.pdf`);
    expect(long.name).to.equal(`${'x'.repeat(176)}.pdf`);
    const emoji = cleanFileName('😀'.repeat(150)).name;
    expect(emoji).to.equal('😀'.repeat(90));
    expect(emoji.isWellFormed()).to.equal(true);
  });

  it('withExtension adds the kind’s extension when the name has none', () => {
    expect(withExtension(cleanFileName('scan'), 'pdf')).to.equal('scan.pdf');
    expect(withExtension(cleanFileName('scan.jpeg'), 'jpg')).to.equal('scan.jpeg');
    expect(withExtension(cleanFileName('x'.repeat(300)), 'pdf')).to.have.length(180);
  });

  it('attachment encodes the name as RFC 8187 says, with an ASCII fallback', () => {
    expect(attachment('Brief.pdf')).to.equal(`attachment; filename="Brief.pdf"; filename*=UTF-8''Brief.pdf`);
    expect(attachment("Müller's “scan” (1)*.pdf")).to.equal(
      `attachment; filename="Muller's _scan_ (1)*.pdf"; filename*=UTF-8''M%C3%BCller%27s%20%E2%80%9Cscan%E2%80%9D%20%281%29%2A.pdf`,
    );
    expect(attachment('a"b\\c%d\r\nX: y')).to.match(
      /^attachment; filename="a_b_c_d__X: y"; filename\*=UTF-8''[\w%.-]+$/,
    );
  });
});
