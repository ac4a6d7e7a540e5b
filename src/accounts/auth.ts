// better-auth as a library: its tables, its password hashes, its session cookie. Its router is never mounted;
// our own routes call auth.api (docs/decisions/0007-better-auth-behind-an-allow-list.md).
import { betterAuth } from 'better-auth';
import { admin, organization, twoFactor } from 'better-auth/plugins';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { cookiePrefix, adminSessionPlugin, joinablePool } from './auth.internals.ts';

export interface AuthOptions {
  pool: Pool;
  secret: string;
  baseUrl: string;
  log?: Logger;
}

const halfDay = 12 * 60 * 60;

export function createAuth({ pool, secret, baseUrl, log }: AuthOptions) {
  return betterAuth({
    database: joinablePool(pool),
    secret,
    baseURL: baseUrl,
    telemetry: { enabled: false },
    // Nobody reads its OpenTelemetry spans; making them costs memory and time on every request that has a session.
    experimental: { instrumentation: { enabled: false } },
    // Only the level and better-auth's own words: arguments can hold what people typed.
    logger: { log: (level, message) => log?.[level]({ from: 'better-auth' }, message) },
    appName: 'Examdesk',
    // Passwords are chosen on our own pages, by our own rules (password.rules.ts).
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 12 },
    // Limits by address and by account are ours (account.limits.ts): better-auth knows only the address.
    rateLimit: { enabled: false },
    advanced: {
      cookiePrefix,
      database: { generateId: 'uuid', joins: true },
      // Under NODE_ENV=test better-auth would skip this check; our tests want it.
      disableOriginCheck: false,
      ipAddress: { ipAddressHeaders: ['x-client-ip'] },
    },
    user: {
      modelName: 'users',
      fields: { emailVerified: 'email_verified', createdAt: 'created_at', updatedAt: 'updated_at' },
    },
    session: {
      modelName: 'sessions',
      // Half a day from signing in, whatever happens in between; staff's idle time is ours (account.session.ts).
      expiresIn: halfDay,
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
        // An acting session goes with the admin's own (see the foreign key).
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
      adminSessionPlugin(),
      twoFactor({
        issuer: 'Examdesk',
        twoFactorTable: 'two_factors',
        // Our own limits come first (account.limits.ts): this one would keep out the person, too. It is for a cache that
        // is away, when nobody counts.
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

export type Auth = ReturnType<typeof createAuth>;
