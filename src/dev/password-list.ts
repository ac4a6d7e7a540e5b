// node src/dev/password-list.ts LIST: creates src/accounts/password-list.bin from a list of common passwords, one a
// line. src/accounts/password.rules.ts names the source of the current list.
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
