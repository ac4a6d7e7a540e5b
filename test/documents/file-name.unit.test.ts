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
    ['1.2.840.113619.2.78', '1.2.840.113619.2.78', null],
    ['Barlow.123', 'Barlow.123', null],
    ['IM0001.IMA', 'IM0001.IMA', 'ima'],
    ['Brief Barlow 12.03.2026', 'Brief Barlow 12.03.2026', null],
    ['Letter v1.2', 'Letter v1.2', null],
    ['Dr.Barlow', 'Dr.Barlow', null],
  ];
  for (const [given, name, extension] of cases) {
    it(`${JSON.stringify(given)} becomes ${JSON.stringify(name)}`, () => {
      expect(cleanFileName(given)).to.deep.equal({ name, extension });
    });
  }

  it('keeps the ending of programs, scripts and other formats', () => {
    for (const ending of [
      'exe',
      'bat',
      'cmd',
      'scr',
      'vbs',
      'js',
      'ps1',
      'html',
      'pptx',
      'odt',
      'mp4',
      'csv',
      'cr2',
    ])
      expect(cleanFileName(`a.${ending.toUpperCase()}`).extension).to.equal(ending);
  });

  it('cuts a long name, keeps its extension, and never splits a character', () => {
    const long = cleanFileName(`${'x'.repeat(300)}.pdf`);
    expect(long.name).to.equal(`${'x'.repeat(176)}.pdf`);
    const emoji = cleanFileName('😀'.repeat(150)).name;
    expect(emoji).to.equal('😀'.repeat(90));
    expect(emoji.isWellFormed()).to.equal(true);
  });

  it('withExtension adds the kind’s extension when the name has none', () => {
    expect(withExtension(cleanFileName('scan'), 'pdf')).to.equal('scan.pdf');
    expect(withExtension(cleanFileName('Letter v1.2'), 'pdf')).to.equal('Letter v1.2.pdf');
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
