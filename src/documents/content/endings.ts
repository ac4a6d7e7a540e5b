// Which endings of file names say something about the content. The endings of "Letter v1.2" and "1.2.840.113619.2.78" do
// not.
import { supportedExtensions } from 'file-type';
import { types } from 'mime-types';
import { allKinds, documentKinds } from './kinds.ts';

/** Endings of programs and scripts that neither of the lists below has. */
const programs = ['cmd', 'hta', 'jse', 'pif', 'ps1', 'psm1', 'py', 'rb', 'scr', 'url', 'vbe', 'vbs', 'wsf'];

const known = new Set<string>([
  ...allKinds.flatMap((kind) => documentKinds[kind].extensions),
  ...Object.keys(types),
  ...supportedExtensions,
  ...programs,
]);

/**
 * The ending in lower case, without the dot, when a known format has it; null: it claims nothing. Numbers never do:
 * they end dates, versions and DICOM's identifiers.
 */
export function claimedExtension(name: string): string | null {
  const ending = /[^.]\.([A-Za-z0-9]{1,10})$/.exec(name)?.[1]?.toLowerCase();
  return ending !== undefined && known.has(ending) && !/^\d+$/.test(ending) ? ending : null;
}
