// node src/dev/password-list.ts LIST: makes src/accounts/password-list.bin anew from a list of common passwords, one
// a line. Where the list of today came from stands in src/accounts/password.rules.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { packList, passwordLength } from '../accounts/index.ts';
import { complain, say } from '../commands/terminal.ts';

const [list] = process.argv.slice(2);
if (!list) {
  complain('Name the file with the list: node src/dev/password-list.ts LIST');
  process.exitCode = 1;
} else {
  const lines = readFileSync(list, 'utf8').split(/\r?\n/);
  const long = lines.filter((line) => Array.from(line).length >= passwordLength.min);
  const packed = packList(long);
  writeFileSync(new URL('../accounts/password-list.bin', import.meta.url), packed);
  say(`${long.length} of ${lines.length} are long enough to pass: ${packed.length} bytes.`);
}
