// The person's sessions, each with a button to end it.
import type { Accounts, OwnSession } from '../../../accounts/index.ts';
import { z } from 'zod';

import type { PageRoute } from '../../endpoint.ts';
import { pageZoneOf, rawField } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import type { PageData } from '../../views.ts';
import { timeAndDay } from '../when.ts';
import { ownActor } from './account-page.ts';

interface SessionsPage extends PageData {
  sessions: {
    id: string;
    device: string;
    isThisOne: boolean;
    ip: string | null;
    signedIn: string;
    lastSeen: string;
  }[];
  notice: string | null;
}

export function sessionsPages(accounts: Accounts): PageRoute[] {
  return [
    {
      method: 'get',
      path: paths.accountSessions(),
      access: 'session',
      async handle(req, res) {
        const { viewer } = ownActor(req, res);
        const zone = pageZoneOf(req);
        const page: SessionsPage = {
          title: 'Where you are signed in',
          sessions: (await accounts.ownSessions.list(viewer)).map((one) => row(one, zone)),
          notice: req.query.done === 'ended' ? 'That session has ended.' : null,
        };
        res.render('account/sessions', page);
      },
    },
    {
      method: 'post',
      path: paths.accountSessionsEnd(),
      access: 'session',
      async handle(req, res) {
        const actor = ownActor(req, res);
        const id = z.uuid().safeParse(rawField(req.body, 'sessionId'));
        if (id.success) await accounts.ownSessions.end(id.data, actor);
        // If the session has ended already, nothing is to be done: the list shows those that are left.
        res.redirect(303, `${paths.accountSessions()}?done=ended`);
      },
    },
    {
      method: 'post',
      path: paths.accountSessionsEndAll(),
      access: 'session',
      async handle(req, res) {
        await accounts.ownSessions.endAll(ownActor(req, res));
        res.redirect(303, `${paths.signIn()}?after=everywhere`);
      },
    },
  ];
}

function row(session: OwnSession, zone: string): SessionsPage['sessions'][number] {
  return {
    id: session.id,
    device: deviceWords(session.userAgent),
    isThisOne: session.isThisOne,
    ip: session.ip,
    signedIn: timeAndDay(session.signedInAt, zone),
    lastSeen: timeAndDay(session.lastSeenAt, zone),
  };
}

// Turns a user agent into words by which a person recognises the device.
const browsers: [RegExp, string][] = [
  [/\bEdg(e|A|iOS)?\//, 'Edge'],
  [/\bOPR\/|\bOpera\b/, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\bChrome\/|\bCriOS\/|\bHeadlessChrome\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
const systems: [RegExp, string][] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'Chromebook'],
  [/\bMac OS X\b|\bMacintosh\b/, 'Mac'],
  [/\bLinux\b/, 'Linux'],
];

function deviceWords(userAgent: string | null): string {
  if (!userAgent) return 'Unknown device';
  const browser = browsers.find(([pattern]) => pattern.test(userAgent))?.[1];
  const system = systems.find(([pattern]) => pattern.test(userAgent))?.[1];
  if (browser && system) return `${browser} on ${system}`;
  return browser ?? system ?? 'Unknown browser';
}
