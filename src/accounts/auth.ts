// better-auth as a library: its tables, its password hashes, its session cookie. Its router is never mounted;
// our own routes call auth.api (docs/decisions/0007-better-auth-behind-an-allow-list.md).
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { lazy } from '../lib/lazy.ts';
import type { SecretRing } from '../lib/secret-ring.ts';
import { adminSessionPlugin, cookieOptions, halfDaySeconds, joinablePool } from './auth.internals.ts';
import { versionOf } from './changed-secret.ts';

export interface AuthOptions {
  pool: Pool;
  secrets: SecretRing;
  baseUrl: string;
  log?: Logger;
}

/** Loads better-auth on the first call. It is a quarter of all modules, and reading a session needs none of it. */
export type Auth = () => Promise<BetterAuth>;

export function createAuth(options: AuthOptions): Auth {
  return lazy(() => openBetterAuth(options));
}

export type BetterAuth = Awaited<ReturnType<typeof openBetterAuth>>;

async function openBetterAuth({ pool, secrets, baseUrl, log }: AuthOptions) {
  const [{ betterAuth }, { admin }, { organization }, { twoFactor }] = await Promise.all([
    import('better-auth'),
    import('better-auth/plugins/admin'),
    import('better-auth/plugins/organization'),
    import('better-auth/plugins/two-factor'),
  ]);
  return betterAuth({
    database: joinablePool(pool),
    secrets: secrets.map((value) => ({ version: versionOf(value), value })),
    // For what was encrypted before there were rings (changed-secret.ts).
    secret: secrets[0],
    baseURL: baseUrl,
    telemetry: { enabled: false },
    // Its OpenTelemetry spans are unused, and cost memory and time on every request with a session.
    experimental: { instrumentation: { enabled: false } },
    // Logs only the level and better-auth's message: arguments can contain user input.
    logger: { log: (level, message) => log?.[level]({ from: 'better-auth' }, message) },
    appName: 'Examdesk',
    // Our own pages set passwords, with our own rules (password.rules.ts).
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 12 },
    // Limits by address and by account are ours (account.limits.ts): better-auth knows only the address.
    rateLimit: { enabled: false },
    advanced: {
      ...cookieOptions(baseUrl),
      database: { generateId: 'uuid', joins: true },
      // better-auth would skip this check under NODE_ENV=test.
      disableOriginCheck: false,
      ipAddress: { ipAddressHeaders: ['x-client-ip'] },
    },
    user: {
      modelName: 'users',
      fields: { emailVerified: 'email_verified', createdAt: 'created_at', updatedAt: 'updated_at' },
    },
    session: {
      modelName: 'sessions',
      // Half a day from sign-in, without extension. account.session.ts ends idle sessions.
      expiresIn: halfDaySeconds,
      disableSessionRefresh: true,
      fields: {
        userId: 'user_id',
        expiresAt: 'expires_at',
        createdAt: 'created_at',
        updatedAt: 'updated_at',
        ipAddress: 'ip_address',
        userAgent: 'user_agent',
      },
      additionalFields: {
        // Deleting the admin's own session deletes the acting one (foreign key).
        impersonatorSessionId: {
          type: 'string',
          required: false,
          input: false,
          returned: false,
          fieldName: 'impersonator_session_id',
          references: { model: 'sessions', field: 'id', onDelete: 'cascade' },
        },
      },
    },
    account: {
      modelName: 'accounts',
      fields: {
        accountId: 'account_id',
        providerId: 'provider_id',
        userId: 'user_id',
        accessToken: 'access_token',
        refreshToken: 'refresh_token',
        idToken: 'id_token',
        accessTokenExpiresAt: 'access_token_expires_at',
        refreshTokenExpiresAt: 'refresh_token_expires_at',
        createdAt: 'created_at',
        updatedAt: 'updated_at',
      },
    },
    verification: {
      modelName: 'verifications',
      fields: { expiresAt: 'expires_at', createdAt: 'created_at', updatedAt: 'updated_at' },
    },
    plugins: [
      admin({
        defaultRole: 'referrer',
        adminRoles: ['admin'],
        schema: {
          user: { fields: { banReason: 'ban_reason', banExpires: 'ban_expires' } },
          session: { fields: { impersonatedBy: 'impersonated_by' } },
        },
      }),
      organization({
        allowUserToCreateOrganization: false,
        schema: {
          organization: { modelName: 'organizations', fields: { createdAt: 'created_at' } },
          member: {
            modelName: 'members',
            fields: { organizationId: 'organization_id', userId: 'user_id', createdAt: 'created_at' },
          },
          invitation: {
            modelName: 'invitations',
            fields: {
              organizationId: 'organization_id',
              inviterId: 'inviter_id',
              expiresAt: 'expires_at',
              createdAt: 'created_at',
            },
          },
          session: { fields: { activeOrganizationId: 'active_organization_id' } },
        },
      }),
      await adminSessionPlugin(),
      twoFactor({
        issuer: 'Examdesk',
        twoFactorTable: 'two_factors',
        // Applies only while the cache is away: our own limits (account.limits.ts) are lower, and do not lock the owner
        // out.
        accountLockout: { maxFailedAttempts: 100, durationSeconds: 15 * 60 },
        schema: {
          user: { fields: { twoFactorEnabled: 'two_factor_enabled' } },
          twoFactor: {
            fields: {
              userId: 'user_id',
              backupCodes: 'backup_codes',
              failedVerificationCount: 'failed_verification_count',
              lockedUntil: 'locked_until',
            },
          },
        },
      }),
    ],
  });
}
