// Reads docker-compose.yml as Compose does: the parts of compose-go's dotenv/parser.go and template/template.go that we
// use.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

export interface ComposeService {
  image?: string;
  build?: string;
  restart?: string;
  command?: string[];
  profiles?: string[];
  environment?: Record<string, string | null>;
  depends_on?: Record<string, { condition: string }>;
  volumes?: string[];
  ports?: string[];
  configs?: { source: string; target: string }[];
  healthcheck?: { test: string[] };
  stop_grace_period?: string;
}

export interface ComposeFile {
  services: Record<string, ComposeService>;
  configs: Record<string, { file?: string; content?: string }>;
  volumes: Record<string, unknown>;
}

const root = path.resolve(import.meta.dirname, '../..');

/** Inserts the values of `.env`. @throws Error when a required one is missing */
export function readComposeFile(env: Record<string, string>): ComposeFile {
  const file = parse(readFileSync(path.join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as unknown;
  return interpolated(file, env) as ComposeFile;
}

function interpolated(node: unknown, env: Record<string, string>): unknown {
  if (typeof node === 'string') return interpolate(node, env);
  if (Array.isArray(node)) return node.map((one) => interpolated(one, env));
  if (node === null || typeof node !== 'object') return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, interpolated(value, env)]));
}

/** Inserted values are not expanded again, so they may contain `$`. */
function interpolate(template: string, env: Record<string, string>): string {
  return template.replace(
    /\$(?:(\$)|\{(\w+)(?:(:?[-?])([^}]*))?\}|(\w+))/g,
    (_, dollar?: string, braced?: string, operator?: string, otherwise?: string, bare?: string) => {
      if (dollar) return '$';
      const name = braced ?? bare ?? '';
      const value = env[name];
      const isMissing = operator?.startsWith(':') ? !value : value === undefined;
      if (operator && isMissing) {
        if (operator.endsWith('?')) throw new Error(`required variable ${name} is missing a value`);
        return otherwise ?? '';
      }
      return value ?? '';
    },
  );
}

/** The environment of a service's container: a variable without a value comes from `.env`, or is absent. */
export function environmentOf(service: ComposeService, env: Record<string, string>): Record<string, string> {
  const given = Object.entries(service.environment ?? {}).map(([name, value]) => [name, value ?? env[name]]);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as Record<string, string>;
}

/** Parses Compose's `.env`, which differs slightly from Node's. @throws Error where Compose refuses it */
export function parseComposeEnv(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  let rest = text;
  for (;;) {
    rest = rest.replace(/^(\s+|#[^\n]*)+/, '');
    if (rest === '') return values;
    const [all, name = ''] = /^([\w.-]+)[^\S\n]*=[^\S\n]*/.exec(rest) ?? [];
    if (all === undefined) throw new Error(`unexpected: ${rest.split('\n')[0]}`);
    rest = rest.slice(all.length);
    if (rest.startsWith("'")) {
      const [quoted, value = ''] = /^'((?:\\[^]|[^'\\])*)'/.exec(rest) ?? [];
      if (quoted === undefined) throw new Error(`unterminated quoted value of ${name}`);
      values[name] = value.replaceAll("\\'", "'");
      rest = rest.slice(quoted.length);
    } else if (rest.startsWith('"')) {
      throw new Error(`${name}: double quotes are not read here`);
    } else {
      const [line = ''] = rest.split('\n', 1);
      values[name] = interpolate((line.split(' #')[0] ?? '').trimEnd(), values);
      rest = rest.slice(line.length);
    }
  }
}
