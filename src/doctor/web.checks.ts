// The app as others see it: asked over BASE_URL, as Acuity and browsers ask.
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { isLoopback } from '../lib/addresses.ts';
import type { Clock } from '../ports/clock.ts';
import { troubleWords } from '../sync/index.ts';
import { ask, certificateOf, type Answered, type Certificate } from './ask.ts';
import { codeOf, ok, warning, wrong, type Check, type Line } from './check.ts';
import type { ProbeTokens } from './probe.tokens.ts';

export interface WebCheckDeps {
  baseUrl: string;
  isProduction: boolean;
  /** /automation/acuity over its public address. */
  relayUrl: string;
  acuityUrl: string;
  /** Where the relay delivers, and whether that is an address of ours. */
  relayTarget: { url: string; isOurs: boolean };
  /** Answers what the app takes for the asker's address. */
  probeUrl: string;
  tokens: ProbeTokens;
  clock: Clock;
  /** For tests. */
  ca?: string | undefined;
}

/** What the app answers to our own question. */
export interface ProbeAnswer {
  /** What it takes for the asker's address. */
  address: string;
  /** Who opened the connection: the proxy, where there is one. */
  peer: string;
  /** X-Forwarded-For as it came. */
  forwardedFor: string | null;
  /** Whom TRUST_PROXY names there. */
  trusts: 'nobody' | 'hops' | 'addresses';
}

const fewDays = 14;
const fromHere =
  'Asked from this machine. Where it cannot reach its own public address (a router that does not lead back), look from another one.';

export function webChecks(deps: WebCheckDeps): Check[] {
  return [
    { id: 'https', title: 'https', run: () => checkHttps(deps) },
    { id: 'outside', title: 'Reachable for Acuity', run: () => checkOutside(deps) },
    { id: 'relay_target', title: 'Relay’s target', run: () => checkRelayTarget(deps) },
    { id: 'trust_proxy', title: 'Proxy', run: () => checkProxy(deps) },
  ];
}

async function checkHttps({ baseUrl, isProduction, clock, ca }: WebCheckDeps): Promise<Line[]> {
  if (!baseUrl.startsWith('https:')) return [plainLine(baseUrl, isProduction)];
  try {
    return [certificateLine(await certificateOf(baseUrl, ca), clock.now())];
  } catch (error) {
    return [
      wrong(
        `BASE_URL cannot be reached over https: ${codeOf(error)}`,
        ['Nobody can sign in.', fromHere],
        'Check the name in DNS, the proxy that ends https, and port 443 of the firewall',
      ),
    ];
  }
}

function plainLine(baseUrl: string, isProduction: boolean): Line {
  if (isOnThisMachine(baseUrl)) return ok('BASE_URL is an address of this machine, without https');
  return (isProduction ? wrong : warning)(
    'BASE_URL is not https',
    'Passwords, session cookies and health information cross the network in the clear.',
    'Put a proxy with a certificate before the app, set BASE_URL to https://…, and TRUST_PROXY',
  );
}

export function certificateLine({ validTo, fault }: Certificate, now: Date): Line {
  const days = Math.floor((validTo.getTime() - now.getTime()) / 86_400_000);
  const mend = 'Have the proxy renew its certificate (Caddy does by itself; certbot: see certbot renew)';
  if (days < 0)
    return wrong('The certificate has expired', 'Browsers and Acuity refuse the connection.', mend);
  if (fault !== null)
    return wrong(
      `The certificate is not trusted: ${fault}`,
      'Browsers and Acuity refuse the connection.',
      'Use a certificate of a public authority for this name, and send its whole chain',
    );
  return days < fewDays
    ? warning(
        `The certificate is valid for ${days} more days`,
        'When it has expired, nobody gets in, and Acuity’s events are lost.',
        mend,
      )
    : ok(`The certificate is valid for ${days} more days`);
}

/** Our endpoints refuse this encoding before they store anything: the probe leaves no event behind. */
const unsignedEvent = {
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' },
  body: 'unsigned',
};

/** An endpoint of ours that refuses what is not signed. */
function refusesAsOurs({ status, headers }: Answered): boolean {
  return status === 415 && String(headers['content-type']).startsWith('application/problem+json');
}

async function checkOutside({ relayUrl, acuityUrl, ca }: WebCheckDeps): Promise<Line[]> {
  const url = new URL(relayUrl);
  const isReal = !isOnThisMachine(acuityUrl);
  const mend =
    'Check that the proxy passes POST /automation/acuity on to the app or the relay, and that Acuity may reach it';
  if (isReal && (await isPrivate(url.hostname)))
    return [
      wrong(
        `${url.host} is an address of this machine or of a private network`,
        'Acuity cannot send its events there: what happens in Acuity is seen up to 15 minutes late.',
        troubleWords.address,
      ),
    ];
  if (isReal && url.port !== '')
    return [
      wrong(
        `BASE_URL names port ${url.port}`,
        'Acuity sends events to the ports 443 and 80 only.',
        troubleWords.address,
      ),
    ];
  try {
    const answer = await ask(relayUrl, { ...unsignedEvent, ca });
    if (refusesAsOurs(answer))
      return [
        ok(
          `${relayUrl} answers, and refuses what is not signed`,
          'Asked from this machine: a firewall may still refuse Acuity. The console’s list of webhook events shows what arrives.',
        ),
      ];
    return [
      wrong(
        `${relayUrl} is answered by something else (${answer.status})`,
        'Acuity’s events do not arrive: what happens there is seen up to 15 minutes late.',
        mend,
      ),
    ];
  } catch (error) {
    return [
      wrong(
        `${relayUrl} does not answer: ${codeOf(error)}`,
        'Acuity’s events do not arrive: what happens there is seen up to 15 minutes late.',
        mend,
      ),
    ];
  }
}

async function checkRelayTarget({ relayTarget, ca }: WebCheckDeps): Promise<Line[]> {
  const { url, isOurs } = relayTarget;
  const shown = new URL(url).origin + new URL(url).pathname;
  const costs = 'Events are kept for a day and then given up; reconciliation finds what they were about.';
  const mend =
    'Check RELAY_TARGET_URL (unset: /webhooks/acuity of BASE_URL), and that this machine reaches it';
  try {
    // Another automation layer would handle a POST as an event.
    const answer = await ask(url, isOurs ? { ...unsignedEvent, ca } : { method: 'HEAD', ca });
    if (isOurs ? refusesAsOurs(answer) : answer.status < 500) return [ok(`${shown} answers`)];
    return [
      wrong(
        isOurs
          ? `${shown} is answered by something else (${answer.status})`
          : `${shown} fails (${answer.status})`,
        costs,
        mend,
      ),
    ];
  } catch (error) {
    return [wrong(`${shown} does not answer: ${codeOf(error)}`, costs, mend)];
  }
}

/** Reserved for documentation (RFC 5737): no machine has it. */
const forged = '203.0.113.7';

async function checkProxy({ probeUrl, baseUrl, tokens, clock, ca }: WebCheckDeps): Promise<Line[]> {
  const mend = 'Check BASE_URL, and that all processes have the same BETTER_AUTH_SECRET';
  let answer: Answered;
  try {
    answer = await ask(probeUrl, {
      headers: { authorization: `Bearer ${tokens.make(clock.now())}`, 'x-forwarded-for': forged },
      ca,
    });
  } catch (error) {
    return [
      wrong(
        `The app does not answer at BASE_URL: ${codeOf(error)}`,
        ['Nobody can reach it.', fromHere],
        `Check that the app runs, and that ${new URL(baseUrl).origin} leads to it from this machine`,
      ),
    ];
  }
  const probe = answer.status === 200 ? probeIn(answer.text) : null;
  if (!probe)
    return [
      wrong(
        `BASE_URL leads to something else, or to an installation with other secrets (${answer.status})`,
        'Links in mails lead there, and people cannot sign in.',
        mend,
      ),
    ];
  return [proxyLine(probe, baseUrl.startsWith('https:'))];
}

function probeIn(text: string): ProbeAnswer | null {
  try {
    const answer = JSON.parse(text) as ProbeAnswer;
    return typeof answer.address === 'string' && typeof answer.peer === 'string' ? answer : null;
  } catch {
    return null;
  }
}

const sharedLimits =
  'Limits of sign-ins count everybody as one: a few wrong passwords shut everybody out. The audit log names the proxy’s address.';

/** Judges what the app answered to a request that claimed to come from another address. */
export function proxyLine({ address, peer, forwardedFor, trusts }: ProbeAnswer, isHttps: boolean): Line {
  const isTouched = forwardedFor !== forged;
  // A proxy of ours may say for whom it asks, and so may this machine where its own address is among theirs.
  if (address === forged && trusts === 'addresses' && (isTouched || !isHttps))
    return warning(
      'This machine is one of the proxies that TRUST_PROXY names',
      'Whether the app would believe others too cannot be told from here.',
      'Look from another machine, or set TRUST_PROXY to the number of proxies before the app, mostly 1',
    );
  if (address === forged)
    return wrong(
      'The app believes any address that a client claims to have',
      'Limits of sign-ins can be evaded, and the audit log names forged addresses.',
      isTouched
        ? 'TRUST_PROXY names more proxies than there are: set it to their number, mostly 1'
        : 'Have the proxy set X-Forwarded-For itself (nginx: $proxy_add_x_forwarded_for); where there is no proxy, unset TRUST_PROXY',
    );
  if (forwardedFor === null)
    return wrong(
      'The proxy sends no X-Forwarded-For',
      sharedLimits,
      'Have it set X-Forwarded-For (nginx: $proxy_add_x_forwarded_for), and set TRUST_PROXY=1',
    );
  if (!isTouched)
    return isHttps
      ? wrong(
          'The proxy that ends https passes X-Forwarded-For on unchanged',
          sharedLimits,
          'Have it add the address that it is asked from (nginx: $proxy_add_x_forwarded_for), and set TRUST_PROXY=1',
        )
      : ok('No proxy stands before the app', 'The address of a request is that of its connection.');
  if (trusts === 'nobody')
    return wrong(
      'A proxy stands before the app, and TRUST_PROXY is unset',
      sharedLimits,
      'Set TRUST_PROXY to the number of proxies before the app, mostly 1, and restart it',
    );
  const named = forwardedFor.split(',').map((one) => one.trim());
  if (address === peer && !named.includes(peer))
    return wrong(
      `TRUST_PROXY does not name the proxy that asks: ${peer}`,
      sharedLimits,
      'Set TRUST_PROXY to the number of proxies before the app, mostly 1, or to their addresses',
    );
  return ok('The app knows the address that a request comes from', `This one came from ${address}.`);
}

const privateRanges = new BlockList();
for (const [net, bits] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  privateRanges.addSubnet(net, bits, 'ipv4');
privateRanges.addSubnet('::1', 128, 'ipv6');
privateRanges.addSubnet('fc00::', 7, 'ipv6');
privateRanges.addSubnet('fe80::', 10, 'ipv6');

const isOnThisMachine = (url: string): boolean => isLoopback(new URL(url).hostname);

/** A name that cannot be resolved is not private: the request to it reports the error. */
async function isPrivate(hostname: string): Promise<boolean> {
  const host = hostname.replace(/^\[|\]$/g, '');
  const found = isIP(host)
    ? [{ address: host, family: isIP(host) }]
    : await lookup(host, { all: true }).catch(() => []);
  return (
    found.length > 0 &&
    found.every(({ address, family }) => privateRanges.check(address, family === 6 ? 'ipv6' : 'ipv4'))
  );
}
