// PDF's objects (ISO 32000-2, 7.3): as much of the syntax as trailers and encryption dictionaries need.

export type PdfDictionary = Map<string, PdfObject>;
export type PdfObject =
  | null
  | boolean
  | number
  /** A string's bytes. */
  | Buffer
  | PdfName
  | PdfReference
  | PdfObject[]
  | PdfDictionary;

export interface PdfName {
  name: string;
}

export interface PdfReference {
  object: number;
  generation: number;
}

export function isReference(value: PdfObject | undefined): value is PdfReference {
  return typeof value === 'object' && value !== null && 'object' in value;
}

export function isName(value: PdfObject | undefined): value is PdfName {
  return typeof value === 'object' && value !== null && 'name' in value;
}

const maxDepth = 20;
const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

/**
 * The object that begins at the start of these bytes; undefined: there is none, or it is cut off.
 */
export function parsePdfObject(bytes: Buffer): PdfObject | undefined {
  const reader = new Reader(bytes.toString('latin1'));
  try {
    return reader.object(0);
  } catch (error) {
    if (error instanceof NotPdf) return undefined;
    throw error;
  }
}

class NotPdf extends Error {}

/** Reads one object after the other from text in which each character is a byte. */
class Reader {
  readonly text: string;
  at = 0;
  constructor(text: string) {
    this.text = text;
  }

  object(depth: number): PdfObject {
    if (depth > maxDepth) throw new NotPdf();
    this.match(/(?:[\0\t\n\f\r ]|%[^\r\n]*)*/y);
    if (this.match(/<</y)) return this.dictionary(depth);
    if (this.match(/\[/y)) return this.array(depth);
    if (this.match(/\(/y)) return this.literal();
    const hex = this.match(/<([^>]*)>/y);
    if (hex) return hexBytes(hex[1] ?? '');
    const name = this.match(/\/([^\0\t\n\f\r ()<>[\]{}/%]*)/y);
    if (name) return { name: plainName(name[1] ?? '') };
    const reference = this.match(
      /(\d{1,10})[\0\t\n\f\r ]+(\d{1,5})[\0\t\n\f\r ]+R(?![^\0\t\n\f\r ()<>[\]{}/%])/y,
    );
    if (reference) return { object: Number(reference[1]), generation: Number(reference[2]) };
    const word = this.match(/[^\0\t\n\f\r ()<>[\]{}/%]+/y)?.[0];
    if (word === 'null') return null;
    if (word === 'true' || word === 'false') return word === 'true';
    if (word === undefined || !/^[+-]*[\d.]+/.test(word)) throw new NotPdf();
    return Number.parseFloat(word);
  }

  private dictionary(depth: number): PdfDictionary {
    const entries: PdfDictionary = new Map();
    while (!this.matchAfterSpace(/>>/y)) {
      const key = this.object(depth + 1);
      if (!isName(key)) throw new NotPdf();
      entries.set(key.name, this.object(depth + 1));
    }
    return entries;
  }

  private array(depth: number): PdfObject[] {
    const values: PdfObject[] = [];
    while (!this.matchAfterSpace(/\]/y)) values.push(this.object(depth + 1));
    return values;
  }

  /** A string in brackets, which may hold balanced brackets and escapes. */
  private literal(): Buffer {
    let value = '';
    for (let open = 1; ; ) {
      const piece = this.match(/\\(\r\n|[0-7]{1,3}|[^])|\r\n?|[^\\\r]/y);
      if (!piece) throw new NotPdf();
      const [whole, escaped] = piece;
      if (whole === '(') open += 1;
      if (whole === ')') open -= 1;
      if (open === 0) return Buffer.from(value, 'latin1');
      if (escaped === undefined) value += whole.startsWith('\r') ? '\n' : whole;
      else if (/^[0-7]/.test(escaped)) value += String.fromCharCode(Number.parseInt(escaped, 8) & 0xff);
      else if (!/^[\r\n]/.test(escaped)) value += escapes[escaped] ?? escaped;
    }
  }

  private matchAfterSpace(pattern: RegExp): RegExpExecArray | null {
    this.match(/(?:[\0\t\n\f\r ]|%[^\r\n]*)*/y);
    return this.match(pattern);
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found;
  }
}

function hexBytes(digits: string): Buffer {
  const clean = digits.replaceAll(/[^0-9A-Fa-f]/g, '');
  return Buffer.from(clean.length % 2 === 0 ? clean : `${clean}0`, 'hex');
}

function plainName(raw: string): string {
  return raw.replaceAll(/#([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
