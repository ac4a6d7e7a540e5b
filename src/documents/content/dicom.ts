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
  const first = readElement(head, 0);
  const second = first && readElement(head, first.end);
  return (
    first !== null &&
    second !== null &&
    (first.group === 0x0002 || first.group === 0x0008) &&
    (second.group > first.group || (second.group === first.group && second.element > first.element))
  );
}

const longFormRepresentations = new Set(['OB', 'OW', 'OF', 'OD', 'OL', 'SQ', 'UC', 'UN', 'UR', 'UT']);
const maxLength = 1_024;

function readElement(head: Buffer, at: number): { group: number; element: number; end: number } | null {
  if (at + 8 > head.length) return null;
  const group = head.readUInt16LE(at);
  const element = head.readUInt16LE(at + 2);
  const representation = head.toString('latin1', at + 4, at + 6);
  const isExplicit = /^[A-Z]{2}$/.test(representation);
  const isLong = isExplicit && longFormRepresentations.has(representation);
  if (isLong && at + 12 > head.length) return null;
  const length = isLong
    ? head.readUInt32LE(at + 8)
    : isExplicit
      ? head.readUInt16LE(at + 6)
      : head.readUInt32LE(at + 4);
  if (group > 0x0010 || group % 2 === 1 || length % 2 === 1 || length > maxLength) return null;
  return { group, element, end: at + (isLong ? 12 : 8) + length };
}
