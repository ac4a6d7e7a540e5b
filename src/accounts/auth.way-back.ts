// The way back of an admin who acts. better-auth keeps the token of their own session beside, in a cookie that only it
// can read and write; its own way out needs an acting session that still lives, and does not mind a dead one behind.
import { createAuthEndpoint } from 'better-auth/api';
import { expireCookie, setSessionCookie } from 'better-auth/cookies';
import type { AuthContext, GenericEndpointContext } from 'better-auth';

const asked = { method: 'POST', requireHeaders: true } as const;

/** Without paths: no router could reach them. */
export function wayBack() {
  return {
    id: 'way-back',
    endpoints: {
      /** The id of the session that the cookie beside names, whether anything may be done in it or not. */
      adminBehind: createAuthEndpoint(asked, async (ctx) =>
        ctx.json({ sessionId: (await behind(ctx))?.session.id ?? null }),
      ),
      /** Makes it the session of this browser again. Whoever calls has made sure that it may be. */
      backToAdmin: createAuthEndpoint(asked, async (ctx) => {
        const found = await behind(ctx);
        if (found) await setSessionCookie(ctx, found, false);
        expireCookie(ctx, adminCookie(ctx));
        return ctx.json({ isBack: found !== null });
      }),
      forgetAdmin: createAuthEndpoint(asked, async (ctx) => {
        expireCookie(ctx, adminCookie(ctx));
        return ctx.json({ isForgotten: true });
      }),
    },
  };
}

function adminCookie(ctx: GenericEndpointContext): ReturnType<AuthContext['createAuthCookie']> {
  return ctx.context.createAuthCookie('admin_session');
}

async function behind(ctx: GenericEndpointContext) {
  const signed = await ctx.getSignedCookie(adminCookie(ctx).name, ctx.context.secret);
  // "token:flag", the flag of a sign-in that is not remembered: all of ours are.
  const [token] = signed ? signed.split(':') : [];
  return token ? ctx.context.internalAdapter.findSession(token) : null;
}
