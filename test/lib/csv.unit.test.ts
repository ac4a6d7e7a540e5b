import { expect } from 'chai';
import { CsvError, decodeText, parseCsv, separatorOf } from '../../src/lib/csv.ts';

const rows = (text: string) => [...parseCsv(text)];
const cells = (text: string) => rows(text).map((row) => row.cells);

describe('parseCsv', () => {
  it('reads quoted cells with separators, line ends and doubled quotation marks in them', () => {
    expect(cells('a,b\r\n"x, y","say ""so""\r\nand go"\r\n')).to.deep.equal([
      ['a', 'b'],
      ['x, y', 'say "so"\r\nand go'],
    ]);
  });

  it('numbers rows by the line they begin on, past empty lines and line ends in cells', () => {
    expect(rows('a\n\n"1\n2"\n,,\nb').map(({ line }) => line)).to.deep.equal([1, 3, 6]);
  });

  it('accepts LF, CRLF and CR, and a last line without a line end', () => {
    for (const end of ['\n', '\r\n', '\r'])
      expect(cells(`a,b${end}1,2`), JSON.stringify(end)).to.deep.equal([
        ['a', 'b'],
        ['1', '2'],
      ]);
  });

  it('keeps empty cells, and quotation marks within a plain cell', () => {
    expect(cells('a,,c,\n5" pipe,x,,')).to.deep.equal([
      ['a', '', 'c', ''],
      ['5" pipe', 'x', '', ''],
    ]);
  });

  it('reads semicolons and tabs when the first line has them', () => {
    expect(separatorOf('a;b;c\n1,5;2;3')).to.equal(';');
    expect(separatorOf('"a;b",c')).to.equal(',');
    expect(cells('name\temail\nA, B\tx')).to.deep.equal([
      ['name', 'email'],
      ['A, B', 'x'],
    ]);
  });

  it('throws with the line where a quotation mark is never closed', () => {
    expect(() => rows('a,b\n1,"2\n3\n'))
      .to.throw(CsvError, 'never closed')
      .with.property('line', 2);
  });

  it('throws with the line where text follows a closing quotation mark', () => {
    expect(() => rows('a,b\n"1"x,2'))
      .to.throw(CsvError, 'after the closing')
      .with.property('line', 2);
  });
});

describe('decodeText', () => {
  const name = 'Müller – “Söhne”';

  it('reads UTF-8 with and without a byte order mark', () => {
    expect(decodeText(Buffer.from(name))).to.equal(name);
    expect(decodeText(Buffer.from(`\uFEFF${name}`))).to.equal(name);
  });

  it('reads UTF-16 with a byte order mark', () => {
    expect(decodeText(Buffer.from(`\uFEFF${name}`, 'utf16le'))).to.equal(name);
    expect(decodeText(Buffer.from(`\uFEFF${name}`, 'utf16le').swap16())).to.equal(name);
  });

  it('reads Windows-1252 when the bytes are not UTF-8', () => {
    expect(decodeText(Uint8Array.from([0x4d, 0xfc, 0x6c, 0x6c, 0x65, 0x72, 0x20, 0x80]))).to.equal(
      'Müller €',
    );
  });
});
