// Runs the SQL of docker-compose.yml with psql, where it is installed.
import { spawnSync } from 'node:child_process';

export const noPsql =
  'the roles of docker-compose.yml are not tested, there is no psql (apt-get install postgresql-client)';

export function hasPsql(): boolean {
  return spawnSync('psql', ['--version']).status === 0;
}

/** @throws Error with psql's output */
export function runPsql(url: string, file: string, env: Record<string, string>): void {
  const args = ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', `--dbname=${url}`, `--file=${file}`];
  const { status, stderr } = spawnSync('psql', args, { env: { PATH: process.env.PATH, ...env } });
  if (status !== 0) throw new Error(`psql ended with ${status}: ${stderr.toString()}`);
}
