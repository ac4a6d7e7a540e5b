// npm run create-admin -- --email ada@agency.example --name "Ada Lovelace": prints the first admin's invitation link.
import { parseArgs } from 'node:util';
import { createLinkTokens, inviteFirstAdmin, type FirstAdminFailure } from '../accounts/index.ts';
import { openDatabase } from '../db/knex.ts';
import { migrateBoth } from '../db/migrate.ts';
import { demo } from './target-database.ts';
import { isProduction, loadEnvFile, setting, StartError } from './environment.ts';
import { type TargetDatabase, withTargetDatabase } from './target-database.ts';
import { complain, say } from './terminal.ts';
import { commandLine } from '../lib/command-line.ts';
import { parseSecretRing, type SecretRing } from '../lib/secret-ring.ts';

const usage = commandLine('create-admin', '--email ada@agency.example [--name "Ada Lovelace"] [--another]');

loadEnvFile();
try {
  const given = readArguments();
  await withTargetDatabase('DATABASE_URL', (database) => invite(database, given));
} catch (error) {
  complain(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

interface Given {
  email: string;
  name: string | undefined;
  another: boolean;
}

function readArguments(): Given {
  const { values } = parseArgs({
    options: { email: { type: 'string' }, name: { type: 'string' }, another: { type: 'boolean' } },
  });
  if (!values.email) throw new StartError(`Name the e-mail address: ${usage}`);
  return { email: values.email, name: values.name, another: values.another ?? false };
}

async function invite(
  { which, url, ownerUrl }: TargetDatabase,
  { email, name, another }: Given,
): Promise<void> {
  if (!isProduction()) await migrateBoth({ url, ownerUrl });
  const [origin, secrets] = [await baseUrl(), await authSecrets()];
  const db = openDatabase(url, 2);
  try {
    const tokens = createLinkTokens(secrets);
    const invited = await inviteFirstAdmin(
      { db, tokens },
      { email, another, ...(name !== undefined && { name }) },
    );
    if (!invited.ok) throw new StartError(inWords(invited));
    say(`An administrator is invited to ${which}. The link works once, for seven days:`);
    say(new URL(`/account/invitation/${invited.value.token}`, origin).href);
    say('Whoever opens it chooses the name, the password and the second step: give it to nobody else.');
  } finally {
    await db.destroy();
  }
}

async function baseUrl(): Promise<string> {
  const named = setting('BASE_URL');
  if (named) return named;
  if (isProduction()) throw new StartError('BASE_URL: is missing');
  const running = await (await demo()).runningStack();
  return running?.url ?? `http://localhost:${setting('PORT') ?? '3000'}`;
}

async function authSecrets(): Promise<SecretRing> {
  const named = setting('BETTER_AUTH_SECRET');
  if (!named && isProduction()) throw new StartError('BETTER_AUTH_SECRET: is missing');
  const ring = parseSecretRing(named ?? (await (await demo()).demoSecret()));
  if (!ring) throw new StartError('BETTER_AUTH_SECRET: needs a secret; several different ones with commas');
  return ring;
}

function inWords(why: FirstAdminFailure): string {
  switch (why.reason) {
    case 'there_is_one':
      return 'There is an administrator already, who can invite others. Use --another to invite one from here';
    case 'demo_account':
      return 'This address belongs to the demo, and is refused in production';
    case 'already_active':
      return 'This address has an account already';
    case 'merged_away':
      return 'This address belongs to somebody who was merged into another record';
    case 'unknown_organization':
      return 'There is no such organisation';
    case 'invalid':
      break;
  }
  return `${why.errors.map(({ message }) => message).join('. ')}. ${usage}`;
}
