// DICOM files: with the preamble of part 10, or without it, as older devices and archives write them.

/** Whether "DICM" follows the first 128 bytes. Refuses an executable in the preamble, because it would still run. */
export function isDicom(head: Buffer): boolean {
  if (head.toString('latin1', 128, 132) !== 'DICM') return false;
  const isProgram = head.toString('latin1', 0, 2) === 'MZ' || head.toString('latin1', 0, 4) === '\x7fELF';
  return !isProgram;
}

/**
 * Whether the file begins with two elements in ascending order, the first of group 0002 or 0008, both of sane length.
 */
export function isDicomWithoutPreamble(head: Buffer): boolean {
  // The byte order big endian was retired, but archives still hold files in it: each number's bytes are reversed.
  return beginsWithElements(head, littleEndian) || beginsWithElements(head, bigEndian);
}

interface Numbers {
  short(bytes: Buffer, at: number): number;
  long(bytes: Buffer, at: number): number;
}

const littleEndian: Numbers = {
  short: (bytes, at) => bytes.readUInt16LE(at),
  long: (bytes, at) => bytes.readUInt32LE(at),
};

const bigEndian: Numbers = {
  short: (bytes, at) => bytes.readUInt16BE(at),
  long: (bytes, at) => bytes.readUInt32BE(at),
};

function beginsWithElements(head: Buffer, numbers: Numbers): boolean {
  const first = readElement(head, 0, numbers);
  const second = first && readElement(head, first.end, numbers);
  return (
    first !== null &&
    second !== null &&
    (first.group === 0x0002 || first.group === 0x0008) &&
    (second.group > first.group || (second.group === first.group && second.element > first.element))
  );
}

const longFormRepresentations = new Set([
  'OB',
  'OW',
  'OF',
  'OD',
  'OL',
  'OV',
  'SQ',
  'SV',
  'UC',
  'UN',
  'UR',
  'UT',
  'UV',
]);
const maxLength = 1_024;
/** Stands for the length of a sequence that ends at a mark instead. */
const undefinedLength = 0xffffffff;
const pictureGroup = 0x7fe0;

function readElement(
  head: Buffer,
  at: number,
  numbers: Numbers,
): { group: number; element: number; end: number } | null {
  if (at + 8 > head.length) return null;
  const group = numbers.short(head, at);
  const element = numbers.short(head, at + 2);
  const representation = head.toString('latin1', at + 4, at + 6);
  const isExplicit = /^[A-Z]{2}$/.test(representation);
  const isLong = isExplicit && longFormRepresentations.has(representation);
  if (isLong && at + 12 > head.length) return null;
  const length = isLong
    ? numbers.long(head, at + 8)
    : isExplicit
      ? numbers.short(head, at + 6)
      : numbers.long(head, at + 4);
  const isSane = length === undefinedLength || (length % 2 === 0 && length <= maxLength);
  if (group >= pictureGroup || group % 2 === 1 || !isSane) return null;
  return { group, element, end: at + (isLong ? 12 : 8) + length };
}
