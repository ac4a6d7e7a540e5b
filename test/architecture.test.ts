// Holds the rules about which part may import which against every file.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';

const root = path.resolve(import.meta.dirname, '..');

/** The rooms that each room imports. An edge that nothing uses fails the test too. */
const edges: Record<string, string[]> = {
  audit: [],
  'mail-kinds': [],
  accounts: ['audit', 'mail-kinds'],
  specialists: ['audit', 'accounts', 'documents/content'],
  availability: ['specialists'],
  questions: ['audit', 'accounts', 'specialists'],
  bookings: ['audit', 'mail-kinds', 'accounts', 'specialists', 'questions'],
  attempts: ['audit', 'accounts', 'specialists', 'availability', 'questions', 'bookings'],
  waiting: ['audit', 'accounts', 'specialists', 'availability', 'bookings', 'attempts'],
  following: ['audit', 'mail-kinds', 'specialists', 'questions', 'bookings', 'attempts'],
  'documents/content': [],
  documents: ['audit', 'accounts', 'bookings', 'documents/content'],
  messages: ['audit', 'accounts', 'bookings'],
  access: ['accounts', 'bookings', 'attempts', 'documents'],
  email: ['audit', 'mail-kinds', 'accounts', 'bookings', 'attempts', 'documents', 'messages', 'waiting'],
  impersonation: ['audit', 'accounts'],
  merging: ['audit', 'accounts'],
  webhooks: ['audit', 'accounts', 'following'],
  relay: ['webhooks'],
  sync: ['audit', 'accounts', 'specialists', 'questions', 'following'],
  bulk: ['audit', 'accounts', 'bookings', 'email', 'webhooks', 'sync'],
  importing: ['audit', 'accounts', 'bookings', 'attempts', 'following'],
  doctor: ['audit', 'specialists', 'questions', 'documents', 'sync'],
  restoring: [
    'audit',
    'accounts',
    'availability',
    'attempts',
    'waiting',
    'documents',
    'email',
    'sync',
    'bulk',
  ],
};
const rooms = Object.keys(edges);
const ground = ['ports', 'db', 'lib'];

/** What a part may import besides itself. */
const mayImport: Record<string, string[]> = {
  entry: ['compose', 'app', 'config', 'http'],
  compose: ['app', 'config', 'http', 'jobs', 'metrics', 'adapters', ...rooms, ...ground],
  app: ['config', 'http', 'jobs', 'metrics', 'adapters', ...rooms, ...ground],
  http: ['config', 'console', 'jobs', 'metrics', ...rooms, ...ground],
  console: ['config', ...rooms, ...ground],
  jobs: [...rooms, ...ground],
  metrics: ['sync', ...ground],
  ...Object.fromEntries(rooms.map((room) => [room, [...(edges[room] ?? []), ...ground]])),
  adapters: ['ports', 'db', 'lib'],
  ports: ['lib'],
  // db/baseline.ts makes the audit function of old databases that of the baseline.
  db: ['lib', 'migrations'],
  lib: [],
  config: ['lib'],
  simulator: ['lib'],
  // They call the rooms directly. Of src/dev they import one file, through src/commands/target-database.ts.
  // src/commands/compile.ts loads what the processes load, and when: their set-up (app), later the console.
  commands: ['entry', 'compose', 'app', 'console', 'config', 'adapters', 'dev', ...rooms, ...ground],
  dev: ['commands', 'adapters', 'simulator', 'seeds', 'config', ...rooms, ...ground],
};

/** Files that read the machine's clock and not the clock port, each with its reason. */
const onMachineClock: Record<string, string> = {
  'src/adapters/system-clock.ts': 'is the clock port',
  'src/adapters/system-ids.ts': 'ids sort by the real time at which they were made',
  'src/adapters/memory-cache.ts': 'the default where nothing sets a clock',
  'src/bookings/booking.text.ts': 'schemas are constants, made before there is a clock',
  'src/lib/date-formats.ts': 'what Intl does when it gets no date',
  'src/commands/doctor.ts': 'reports that there is no system, so no clock either',
};

const files = filesBelow('src', '.ts');
const imports = new Map(files.map((file) => [file, importsOf(file)]));
const views = filesBelow('views', '.ejs');

describe('architecture test', () => {
  it('reads every file of src and views', () => {
    expect(files).to.include.members([
      'src/main.ts',
      'src/bookings/index.ts',
      'src/http/paths.ts',
      'src/commands/migrate.ts',
      'src/dev/start.ts',
    ]);
    expect([...imports.values()].flat()).to.have.length.above(100);
    expect(views).to.have.length.above(10);
  });

  it('finds only imports in the allowed direction', () => {
    const wrong = eachImport().filter(([from, to]) => {
      const [part, other] = [partOf(from), partOf(to)];
      return part !== other && !mayImport[part]?.includes(other);
    });
    expect(wrong.map(arrow)).to.deep.equal([]);
  });

  it('lists no edge between rooms that nothing uses', () => {
    const used = new Set(eachImport().map(([from, to]) => `${partOf(from)} → ${partOf(to)}`));
    const unused = Object.entries(edges).flatMap(([room, others]) =>
      others.map((other) => `${room} → ${other}`).filter((edge) => !used.has(edge)),
    );
    expect(unused).to.deep.equal([]);
  });

  it('finds rooms imported through index.ts only', () => {
    const wrong = eachImport().filter(([from, to]) => {
      const room = partOf(to);
      return rooms.includes(room) && partOf(from) !== room && to !== `src/${room}/index.ts`;
    });
    expect(wrong.map(arrow)).to.deep.equal([]);
  });

  it('finds no call to Acuity in bookings', () => {
    const callers = files.filter(
      (file) =>
        partOf(file) === 'bookings' && /\{[^}]*\bAcuity\b[^}]*\} from '\.\.\/ports\/acuity/.test(read(file)),
    );
    expect(callers).to.deep.equal([]);
  });

  it('finds no import cycle', () => {
    expect(findCycle()).to.deep.equal([]);
  });

  it('finds the demo and the simulator loaded neither by production processes nor by their commands', () => {
    const isDemo = (file: string) => /^(src\/(dev|simulator)|seeds|test)\//.test(file);
    const toDemo = eachImport().filter(([from, to]) => !isDemo(from) && isDemo(to));
    expect(toDemo.map(arrow)).to.have.members([
      'src/commands/start.ts → src/dev/start.ts',
      'src/commands/target-database.ts → src/dev/for-commands.ts',
    ]);
    const staticImport = /^(import|export)\b(?! type)[^;]*?'[^']*\/(dev|simulator|seeds|test)\//m;
    expect(
      ['src/commands/start.ts', 'src/commands/target-database.ts'].filter((file) =>
        staticImport.test(read(file)),
      ),
    ).to.deep.equal([]);
  });

  it('finds only imports of existing files', () => {
    expect(
      eachImport()
        .filter(([, to]) => !existsSync(path.join(root, to)))
        .map(arrow),
    ).to.deep.equal([]);
  });

  it('finds the environment read in one module, in the commands, in the demo and for hints only', () => {
    // How a hint names a command depends on NODE_ENV alone; every room writes hints.
    const allowed = ['src/config.ts', 'src/lib/command-line.ts'];
    const readers = files.filter((file) =>
      /\bprocess\s*\.\s*env\b|\benv\s*}\s*=\s*process\b/.test(read(file)),
    );
    expect(
      readers.filter((file) => !allowed.includes(file) && !['commands', 'dev'].includes(partOf(file))),
    ).to.deep.equal([]);
  });

  it('finds the time taken from the clock port', () => {
    const readers = files.filter((file) => readsMachineClock(read(file)) && !hasOwnTime(file));
    expect(readers).to.have.members(Object.keys(onMachineClock));
  });

  it('finds the time of no examination compared with the clock of PostgreSQL', () => {
    const compares =
      /starts_at.*(?<!\w)(now|clock_timestamp)\(\)|(?<!\w)(now|clock_timestamp)\(\).*starts_at/;
    expect(files.filter((file) => !hasOwnTime(file) && compares.test(read(file)))).to.deep.equal([]);
  });

  it('would find the machine’s clock however it is read', () => {
    for (const line of ['new Date()', 'new Date', 'Date.now()', 'Temporal.Now.instant()', 'x(Date.now)'])
      expect(readsMachineClock(`const x = ${line};`), line).to.equal(true);
    for (const line of [
      'new Date(at)',
      'clock.now()',
      'new DateRange()',
      'performance.now()',
      '// new Date()',
    ])
      expect(readsMachineClock(`const x = 1;\n${line}`), line).to.equal(false);
  });

  it('finds Express, knex and drivers outside the rooms only', () => {
    const outside = /from '(express|ioredis|nodemailer|pg|graphile-worker|@aws-sdk\/[^']+)'/;
    const wrong = files.filter((file) => rooms.includes(partOf(file)) && outside.test(read(file)));
    // better-auth is behind accounts, and needs its own pool.
    expect(wrong.filter((file) => !file.startsWith('src/accounts/'))).to.deep.equal([]);
  });
});

describe('random tests', () => {
  it('print their seed and how to repeat them, by assertAlways and randomNumbers', () => {
    const tests = readdirSync(path.join(root, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `test/${file}`);
    const wrong = tests.filter((file) => /\b(fc\.(assert|check)|Math\.random)\(/.test(read(file)));
    expect(wrong).to.deep.equal(['test/support/random.ts']);
  });
});

describe('views', () => {
  const faults: Record<string, RegExp> = {
    'an inline handler': /\son[a-z]+\s*=\s*["']/i,
    'an evaluated htmx attribute': /\shx-on[:\-a-z]*\s*=|["']\s*js:|javascript:/i,
    'an evaluated trigger filter': /hx-trigger\s*=\s*"[^"]*\[/i,
    'an inline script': /<script(?![^>]*\ssrc=)[^>]*>/i,
    'an inline style': /<style[\s>]|\sstyle\s*=\s*["']/i,
  };

  for (const [fault, pattern] of Object.entries(faults)) {
    it(`hold nothing that the content security policy forbids: ${fault}`, () => {
      // Mail programs do not load stylesheets.
      const checked =
        fault === 'an inline style' ? views.filter((view) => !view.startsWith('views/emails/')) : views;
      expect(checked.filter((view) => pattern.test(read(view)))).to.deep.equal([]);
    });
  }

  it('would be reported if they held any of these faults', () => {
    const bad = [
      '<a onclick="x()">',
      '<div hx-on:click="x()">',
      '<form hx-vals="js:{a: 1}">',
      '<input hx-trigger="keyup[key==\'x\']">',
      '<script>x()</script>',
      '<p style="color: red">',
    ];
    for (const line of bad) {
      expect(
        Object.values(faults).some((pattern) => pattern.test(line)),
        line,
      ).to.equal(true);
    }
    const good =
      '<script type="module" src="/js/x.js"></script><p class="onward" data-style="x">on = "x"</p>';
    expect(Object.values(faults).some((pattern) => pattern.test(good))).to.equal(false);
  });
});

function filesBelow(folder: string, extension: string): string[] {
  const all = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' });
  return all.filter((name) => name.endsWith(extension)).map((name) => path.posix.join(folder, name));
}

function hasOwnTime(file: string): boolean {
  return ['dev', 'simulator'].includes(partOf(file));
}

/** Durations are measured by `performance.now()`. */
function readsMachineClock(text: string): boolean {
  const code = text.replace(/^\s*(\/\/|\*|\/\*\*).*$/gm, '');
  return /\bnew Date(?!\w|\()|\bnew Date\(\)|\bDate\.now\b|\bTemporal\.Now\b/.test(code);
}

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** The project's files that a file imports: types or values, statically or dynamically. */
function importsOf(file: string): string[] {
  const found = read(file).matchAll(/(?:\bfrom\s*|\bimport\s*\(\s*|^import\s*)'(\.[^']+)'/gm);
  return [...found].map(([, to = '']) => path.posix.join(path.posix.dirname(file), to));
}

function partOf(file: string): string {
  if (!file.startsWith('src/')) return file.split('/')[0] as string;
  const [, first = '', second] = file.split('/');
  if (second !== undefined && rooms.includes(`${first}/${second}`)) return `${first}/${second}`;
  if (second !== undefined) return first;
  if (first === 'config.ts' || first === 'config.production.ts') return 'config';
  return first === 'compose.ts' ? 'compose' : 'entry';
}

function eachImport(): [string, string][] {
  return [...imports].flatMap(([from, targets]) => targets.map((to): [string, string] => [from, to]));
}

function arrow([from, to]: [string, string]): string {
  return `${from} → ${to}`;
}

/** The files of one import cycle, or nothing. */
function findCycle(): string[] {
  const done = new Set<string>();
  const visit = (file: string, trail: string[]): string[] => {
    const at = trail.indexOf(file);
    if (at >= 0) return [...trail.slice(at), file];
    if (done.has(file)) return [];
    for (const next of imports.get(file) ?? []) {
      const cycle = visit(next, [...trail, file]);
      if (cycle.length > 0) return cycle;
    }
    done.add(file);
    return [];
  };
  for (const file of files) {
    const cycle = visit(file, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
