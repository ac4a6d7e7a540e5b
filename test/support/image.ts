// Determines what the Dockerfile makes of this checkout, without Docker: the image's files, and the same layout in a
// folder. Does not run RUN. `npm ci --omit=dev` installs the packages that package-lock.json does not mark as `dev`;
// they are linked from the checkout's node_modules, so a package that npm would not install is missing here too.
import { constants, copyFileSync, existsSync, linkSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

export interface ImagePlan {
  /** Node's major version, from the FROM line. */
  node: number;
  /** Variables of the ENV lines. */
  env: Record<string, string>;
  command: string[];
  /** The RUN line that compiles what the processes load. */
  compile: string;
  /** From the COPY lines: the checkout's files, by path in the image. */
  files: Map<string, string>;
}

interface LockedPackage {
  dev?: true;
  optional?: true;
}

/** @throws Error for an unsupported instruction */
export function readImagePlan(): ImagePlan {
  const plan: ImagePlan = { node: 0, env: {}, command: [], compile: '', files: new Map() };
  for (const line of read('Dockerfile').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [instruction = ''] = line.split(' ', 1);
    const rest = line.slice(instruction.length + 1);
    if (instruction === 'FROM') plan.node = Number(/^node:(\d+)/.exec(rest)?.[1]);
    else if (instruction === 'ENV') Object.assign(plan.env, Object.fromEntries([rest.split('=')]));
    else if (instruction === 'CMD') plan.command = JSON.parse(rest) as string[];
    else if (instruction === 'COPY') copy(rest.split(' '), plan.files);
    else if (instruction === 'RUN' && rest.startsWith('npm ci --omit=dev ')) continue;
    else if (instruction === 'RUN' && rest.startsWith('node ')) plan.compile = rest;
    else if (!['WORKDIR', 'USER', 'EXPOSE'].includes(instruction))
      throw new Error(`test/support/image.ts cannot read this line of the Dockerfile: ${line}`);
  }
  return plan;
}

function copy(words: string[], files: Map<string, string>): void {
  const target = words.at(-1) ?? '';
  for (const source of words.slice(0, -1)) {
    // Docker copies the contents of a folder, and a file itself into `./`.
    const base = target.endsWith('/') ? path.posix.join(target, path.posix.basename(source)) : target;
    for (const file of filesBelow(source)) {
      if (!isIgnored(file)) files.set(path.posix.join(base, path.posix.relative(source, file)), file);
    }
  }
}

function filesBelow(source: string): string[] {
  const entries = readdirSync(path.join(root, path.posix.dirname(source)), { withFileTypes: true });
  const entry = entries.find(({ name }) => name === path.posix.basename(source));
  if (!entry) throw new Error(`The Dockerfile copies ${source}, which is not there`);
  if (!entry.isDirectory()) return [source];
  return readdirSync(path.join(root, source)).flatMap((name) => filesBelow(path.posix.join(source, name)));
}

/** By .dockerignore: the last line that matches the file or a folder above it wins. */
function isIgnored(file: string): boolean {
  let ignored = false;
  for (const line of read('.dockerignore').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const pattern = line.replace(/^!/, '');
    if (path.matchesGlob(file, pattern) || path.matchesGlob(file, `${pattern}/**`))
      ignored = !line.startsWith('!');
  }
  return ignored;
}

/** The folders of node_modules that `npm ci --omit=dev` fills on this machine. @throws Error when one is missing */
export function productionPackages(): string[] {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> };
  return Object.entries(packages).flatMap(([folder, { dev, optional }]) => {
    if (folder === '' || dev) return [];
    if (existsSync(path.join(root, folder))) return [folder];
    // Built for another platform: npm leaves it out here too.
    if (optional) return [];
    throw new Error(`${folder} is not installed: npm ci`);
  });
}

/** The commands of package.json whose file is in the image, by name. */
export function commandsOf(plan: ImagePlan): Map<string, string> {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  return new Map(
    Object.entries(scripts).flatMap(([name, script]) => {
      const file = /^node (?:--\S+ )*(src\/\S+)/.exec(script)?.[1] ?? '';
      return plan.files.has(file) ? [[name, file]] : [];
    }),
  );
}

/** Lays the image out in an empty folder outside the checkout. @throws Error if a dev dependency resolves from there */
export function layOutImage(folder: string, plan: ImagePlan): void {
  for (const [to, from] of plan.files) {
    mkdirSync(path.dirname(path.join(folder, to)), { recursive: true });
    linkFile(path.join(root, from), path.join(folder, to));
  }
  const isLeftOut = leftOutFiles();
  // A package nested in another one has its own entry.
  for (const one of productionPackages())
    linkTree(path.join(root, one), path.join(folder, one), isLeftOut, 'node_modules');
  const { resolve } = createRequire(path.join(folder, 'package.json'));
  for (const name of developmentPackages()) {
    const found = resolved(resolve, `${name}/package.json`);
    if (found) throw new Error(`${name} is found from ${folder}: ${found}`);
  }
}

/** The files of packages that the image does without: the postinstall script removes them. */
function leftOutFiles(): (name: string) => boolean {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const found = /isFile\(\) && \/(\S+)\/\.test\(one\.name\) && !\/(\S+)\/i\./.exec(scripts.postinstall ?? '');
  if (!found) throw new Error('test/support/image.ts cannot read the postinstall script of package.json');
  const [removed, kept] = [new RegExp(found[1] ?? ''), new RegExp(found[2] ?? '', 'i')];
  return (name) => removed.test(name) && !kept.test(name);
}

function developmentPackages(): string[] {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, LockedPackage> };
  return Object.entries(packages).flatMap(([folder, { dev }]) => {
    const [, name = '', nested] = folder.split(/(?:^|\/)node_modules\//);
    return dev && nested === undefined ? [name] : [];
  });
}

function resolved(resolve: NodeJS.RequireResolve, request: string): string | null {
  try {
    return resolve(request);
  } catch {
    return null;
  }
}

/** Makes real folders, so that nothing resolves back into the checkout. */
function linkTree(from: string, to: string, isLeftOut: (name: string) => boolean, but?: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.name === but) continue;
    if (entry.isDirectory()) linkTree(source, target, isLeftOut);
    else if (!isLeftOut(entry.name)) linkFile(source, target);
  }
}

function linkFile(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
  }
}
