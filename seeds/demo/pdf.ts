// Writes plain text as a PDF of A4 pages: letterhead, headings, paragraphs, page numbers. Enough for the demo's papers.

export interface Sheet {
  letterhead: { name: string; lines: readonly string[] };
  title: string;
  /** Label and value, each on a line. */
  facts?: readonly (readonly [label: string, value: string])[];
  body: readonly ({ heading: string } | { text: string })[];
  footer: string;
  /** 0 to 1 each. */
  accent?: readonly [red: number, green: number, blue: number];
}

const page = { width: 595, height: 842, left: 68, right: 527, top: 780, bottom: 84 };
const bronze = [0.48, 0.36, 0.27] as const;

// Widths of Helvetica's characters from the blank to the tilde, in thousandths of the size (Adobe's AFM).
const widths = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
  556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
  500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
  556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
  278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

interface Line {
  text: string;
  x: number;
  y: number;
  size: number;
  font: 'F1' | 'F2';
  color: readonly [number, number, number];
}

export function writePdf(sheet: Sheet): Buffer {
  return assemble(layOut(sheet), sheet.title);
}

/** Each page's drawing instructions. */
function layOut({ letterhead, title, facts = [], body, footer, accent = bronze }: Sheet): string[] {
  const ink = [0.18, 0.16, 0.15] as const;
  const muted = [0.42, 0.4, 0.37] as const;
  const pages: Line[][] = [[]];
  let y = page.top;

  const put = (text: string, x: number, style: Pick<Line, 'size' | 'font' | 'color'>) => {
    pages.at(-1)?.push({ text, x, y, ...style });
  };
  const need = (height: number) => {
    if (y - height >= page.bottom) return;
    pages.push([]);
    y = page.top;
  };
  const paragraph = (text: string, x: number, size: number, font: Line['font'] = 'F1') => {
    for (const line of wrap(text, page.right - x, size)) {
      need(size * 1.45);
      put(line, x, { size, font, color: ink });
      y -= size * 1.45;
    }
  };

  put(letterhead.name, page.left, { size: 15, font: 'F2', color: accent });
  y -= 16;
  for (const line of letterhead.lines) {
    put(line, page.left, { size: 9, font: 'F1', color: muted });
    y -= 13;
  }
  y -= 30;
  for (const line of wrap(title, page.right - page.left, 17)) {
    put(line, page.left, { size: 17, font: 'F2', color: ink });
    y -= 24;
  }
  y -= 4;
  for (const [label, value] of facts) {
    put(label, page.left, { size: 10, font: 'F1', color: muted });
    paragraph(value, page.left + 130, 10);
    y -= 3;
  }
  y -= 12;
  for (const part of body) {
    if ('heading' in part) {
      y -= 8;
      need(60);
      put(part.heading, page.left, { size: 12, font: 'F2', color: accent });
      y -= 19;
    } else {
      paragraph(part.text, page.left, 10.5);
      y -= 7;
    }
  }
  const rule = `${color(accent)} RG 0.8 w ${page.left} ${page.top - 40} m ${page.right} ${page.top - 40} l S`;
  return pages.map((lines, index) => {
    const foot: Line[] = [footer, `Page ${index + 1} of ${pages.length}`].map((text, at) => ({
      text,
      x: at === 0 ? page.left : page.right - widthOf(text, 8),
      y: 48,
      size: 8,
      font: 'F1',
      color: muted,
    }));
    return [...(index === 0 ? [rule] : []), ...[...lines, ...foot].map(draw)].join('\n');
  });
}

function draw({ text, x, y, size, font, color: rgb }: Line): string {
  return `BT ${color(rgb)} rg /${font} ${size} Tf ${x.toFixed(1)} ${y.toFixed(1)} Td (${escape(text)}) Tj ET`;
}

const color = (rgb: readonly number[]): string => rgb.join(' ');

function wrap(text: string, width: number, size: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line ? `${line} ${word}` : word;
    if (line && widthOf(longer, size) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

function widthOf(text: string, size: number): number {
  let thousandths = 0;
  for (const character of text) thousandths += widths[character.charCodeAt(0) - 32] ?? 556;
  return (thousandths * size) / 1000;
}

/** Characters of Windows-1252 that Latin-1 has not. */
const typographic: Record<string, string> = {
  '–': '\\226',
  '—': '\\227',
  '‘': '\\221',
  '’': '\\222',
  '“': '\\223',
  '”': '\\224',
};

function escape(text: string): string {
  return text
    .replaceAll(/[\\()]/g, '\\$&')
    .replaceAll(/[–—‘’“”]/g, (character) => typographic[character] ?? '?');
}

function assemble(pages: string[], title: string): Buffer {
  const font = (name: string) =>
    `<< /Type /Font /Subtype /Type1 /BaseFont /${name} /Encoding /WinAnsiEncoding >>`;
  const firstPage = 6;
  const numbers = pages.map((_, index) => firstPage + 2 * index);
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R /Lang (en) /ViewerPreferences << /DisplayDocTitle true >> >>',
    `<< /Type /Pages /Count ${pages.length} /Kids [${numbers.map((number) => `${number} 0 R`).join(' ')}] >>`,
    font('Helvetica'),
    font('Helvetica-Bold'),
    `<< /Title (${escape(title)}) /Creator (Examdesk demo) >>`,
    ...pages.flatMap((content, index) => [
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${page.width} ${page.height}] /Contents ${firstPage + 2 * index + 1} 0 R
/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>`,
      `<< /Length ${Buffer.byteLength(content, 'latin1')} >>\nstream\n${content}\nendstream`,
    ]),
  ];
  let text = '%PDF-1.4\n%\u00e2\u00e3\u00cf\u00d3\n';
  const offsets = objects.map((object, index) => {
    const offset = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`);
  const start = text.length;
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${entries.join('')}`;
  text += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info 5 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}
