// The password of a person, in better-auth's table and with its hash, but in our transaction.
import { hashPassword, verifyPassword } from 'better-auth/crypto';
import type { Queryable, Transaction } from '../db/knex.ts';

/** @param hash made by better-auth's hashPassword */
export async function setPassword(trx: Transaction, userId: string, hash: string): Promise<void> {
  const changed = await trx('accounts')
    .where({ user_id: userId, provider_id: 'credential' })
    .update({ password: hash });
  if (changed > 0) return;
  await trx('accounts').insert({
    account_id: userId,
    provider_id: 'credential',
    user_id: userId,
    password: hash,
    updated_at: trx.raw('clock_timestamp()'),
  });
}

/** Whether this is the person's password. Takes as long when there is none. */
export async function isPassword(db: Queryable, userId: string, password: unknown): Promise<boolean> {
  if (typeof password !== 'string' || password === '' || password.length > 128) return false;
  const row = (await db('accounts')
    .where({ user_id: userId, provider_id: 'credential' })
    .first('password')) as { password: string | null } | undefined;
  if (row?.password) return verifyPassword({ hash: row.password, password });
  await hashPassword(password);
  return false;
}
