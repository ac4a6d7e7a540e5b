// npm run import: takes over people and appointments from other systems. Without --apply it only reports what it would
// do.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigError } from '../config.ts';
import {
  isPastProgress,
  pastProgresses,
  TableError,
  type ImportRun,
  type Imports,
  type PastRule,
} from '../importing/index.ts';
import { parseDay } from '../lib/dates.ts';
import { commandLine } from '../lib/command-line.ts';
import { isUuid } from '../lib/uuid.ts';
import { fileFailure, loadEnvFile, StartError } from './environment.ts';
import { mostShown, recordsInWords, showImport } from './import.report.ts';
import { withTargetSystem } from './target-system.ts';
import { progressBar } from './progress-bar.ts';
import { complain, say } from './terminal.ts';

const verbLines = [
  ['people FILE.csv [--apply [--invite]]', 'organisations and their referrers'],
  ['acuity --from DAY --to DAY [--apply]', 'appointments, past and to come'],
  ['bookings FILE.csv [--apply]', 'referrer, claim number and progress of appointments'],
  ['list', 'the imports so far'],
  ['undo ID', 'takes back what nobody has touched since'],
].map(([args = '', does = '']) => `  ${commandLine('import', args.padEnd(38))} ${does}`);

const usage = `Takes over what is there already. Says what it would do; does it with --apply. Tells nobody.

${verbLines.join('\n')}

  --people            with acuity: makes the referrers that appointments name, where the form names an organisation
  --past PROGRESS     of what is over: closed (the default), report_generated, generating_report, no_show or scheduled
  --closed-until DAY  what took place until then is closed, whatever --past says
  --report FILE.csv   writes every line of the report there: ids, organisations and referrers, nobody examined
  --invite            sends each referrer of the file their invitation; nobody gets any other e-mail

The headers and the rules: docs/import.md`;

class UsageError extends Error {}

type Given = ReturnType<typeof readArguments>;

/** Each validates its arguments first, so that nothing is started for a mistake. */
const verbs: Record<string, (given: Given) => Promise<(imports: Imports) => Promise<void>>> = {
  async people(given) {
    const file = await fileOf(given);
    const { apply: applies, invite: invites } = given;
    return (imports) =>
      showImport(given, 'rows', (listener) => imports.people({ file, applies, invites }, listener));
  },
  async acuity(given) {
    const { from, to } = { from: dayIn(given, 'from'), to: dayIn(given, 'to') };
    if (!from || !to) throw new UsageError('Say which days: --from 2021-01-01 --to 2027-12-31');
    if (from > to) throw new UsageError(`--from ${from} is after --to ${to}`);
    const request = { from, to, rule: ruleIn(given), people: given.people, applies: given.apply };
    return (imports) => showImport(given, 'days', (listener) => imports.acuity(request, listener));
  },
  async bookings(given) {
    const request = { file: await fileOf(given), rule: ruleIn(given), applies: given.apply };
    return (imports) => showImport(given, 'rows', (listener) => imports.bookings(request, listener));
  },
  list: async () => async (imports) => list(await imports.list()),
  async undo({ what }) {
    if (what === null || !isUuid(what))
      throw new UsageError(`Which import? ${commandLine('import', 'list')} shows their ids`);
    return (imports) => undo(imports, what);
  },
};

loadEnvFile();
try {
  const given = readArguments();
  const verb = given.verb !== null && Object.hasOwn(verbs, given.verb) ? verbs[given.verb] : undefined;
  if (given.verb === null) say(usage);
  else if (!verb) throw new UsageError(`There is no import of ${given.verb}`);
  else {
    const work = await verb(given);
    await withTargetSystem(({ services: { imports } }) => work(imports));
  }
} catch (error) {
  if (error instanceof UsageError) {
    complain(`${error.message}\n\n${usage}`);
    process.exitCode = 2;
  } else if (error instanceof StartError || error instanceof ConfigError || error instanceof TableError) {
    complain(error.message);
    process.exitCode = 1;
  } else throw error;
}

function readArguments() {
  let parsed;
  try {
    parsed = parseArgs({
      allowPositionals: true,
      options: {
        apply: { type: 'boolean', default: false },
        invite: { type: 'boolean', default: false },
        people: { type: 'boolean', default: false },
        report: { type: 'string' },
        from: { type: 'string' },
        to: { type: 'string' },
        past: { type: 'string', default: 'closed' },
        'closed-until': { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message.split('.')[0] ?? 'That is not understood');
  }
  const [verb = null, what = null, ...more] = parsed.positionals;
  if (more.length > 0) throw new UsageError(`One thing at a time: what is ${more[0]}?`);
  return { verb, what, ...parsed.values };
}

function dayIn(given: Given, name: 'from' | 'to' | 'closed-until'): string | null {
  const day = given[name];
  if (day === undefined) return null;
  if (parseDay(day) === null) throw new UsageError(`--${name} ${day} is not a day like 2026-12-01`);
  return day;
}

function ruleIn(given: Given): PastRule {
  if (!isPastProgress(given.past))
    throw new UsageError(`--past ${given.past} is none of ${Object.keys(pastProgresses).join(', ')}`);
  return { past: given.past, closedUntil: dayIn(given, 'closed-until') };
}

async function fileOf({ what }: Given): Promise<{ name: string; bytes: Uint8Array }> {
  if (what === null) throw new UsageError('Name the CSV file');
  try {
    return { name: path.basename(what), bytes: await readFile(what) };
  } catch (error) {
    throw new StartError(fileFailure('read', what, error as NodeJS.ErrnoException));
  }
}

function list(runs: readonly ImportRun[]): void {
  if (runs.length === 0) say('There are no imports yet');
  for (const { id, kind, state, startedAt, made, changed, takenBack, matched, left, options } of runs) {
    const about = Object.entries(options).map(([name, value]) => `${name} ${String(value)}`);
    say(
      `${id}  ${startedAt.toISOString().slice(0, 16).replace('T', ' ')}  ${kind}, ${state}  ${about.join(', ')}`,
    );
    const what = recordsInWords(made).map(({ count, what: words }) => `${count} ${words}`);
    say(
      `  ${what.join(', ') || 'nothing'} made, ${changed} changed, ${takenBack} taken back, ${matched} here already, ${left} left`,
    );
  }
}

async function undo(imports: Imports, importId: string): Promise<void> {
  const bar = progressBar('Taking back', { unit: 'records' });
  let shown = 0;
  const undone = await imports.undo(importId, {
    left({ type, recordId }, reason) {
      shown += 1;
      if (shown <= mostShown) say(`left: ${type} ${recordId}: ${reason}`);
    },
    progress: (done, of) => bar.show(done, of),
  });
  bar.done();
  if (!undone.ok) {
    complain(
      undone.reason === 'no_such_import'
        ? `There is no such import: ${commandLine('import', 'list')} shows them`
        : 'Another import is under way: try again when it is over',
    );
    process.exitCode = 1;
    return;
  }
  if (shown > mostShown) say(`… and ${shown - mostShown} more`);
  say(`${undone.takenBack} records taken back, ${undone.left} left`);
}
