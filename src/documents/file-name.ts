// Cleans the file name that a browser sends, so that it is safe to show, to store and to save under.
import { claimedExtension } from './content/index.ts';

// Control characters, lone surrogates, and characters that are invisible or change the direction of text.
const invisible =
  /[\p{Cc}\p{Cs}\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]/gu;
const maxLength = 180;

export interface FileName {
  /** Without folders, control and direction characters, and those that Windows refuses; 1 to 180 characters. */
  name: string;
  /** Lower-case, without the dot; null when the name has none that a known format has. */
  extension: string | null;
}

export function cleanFileName(given: string): FileName {
  const visible = given
    .normalize('NFC')
    .replaceAll(/[\n\r\t]/g, ' ')
    .replaceAll(invisible, '');
  const last = visible.split(/[/\\]/).at(-1) ?? '';
  const plain = last
    .replaceAll(/[<>:"|?*]/g, '_')
    .replaceAll(/ {2,}/g, ' ')
    .replace(/^[. ]+/, '')
    .replace(/[. ]+$/, '');
  const extension = claimedExtension(plain);
  return { name: shorten(plain || 'document', extension), extension };
}

/** The name, with the kind's usual extension when it has none. */
export function withExtension({ name, extension }: FileName, usual: string): string {
  return extension === null ? `${shortenTo(name, maxLength - usual.length - 1)}.${usual}` : name;
}

function shorten(name: string, extension: string | null): string {
  if (name.length <= maxLength || extension === null) return shortenTo(name, maxLength);
  const stem = name.slice(0, -(extension.length + 1));
  return `${shortenTo(stem, maxLength - extension.length - 1)}${name.slice(stem.length)}`;
}

// Never cuts between the two surrogates of a character.
function shortenTo(text: string, length: number): string {
  return text
    .slice(0, length)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd();
}
