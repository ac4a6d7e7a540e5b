// The demo's people (seeds/demo.ts). Everybody knows their password, so they need no second factor and are refused
// in production.
const demoEmails: ReadonlySet<string> = new Set([
  'rita@harbour-legal.example',
  'rob@harbour-legal.example',
  'nadia@northside-claims.example',
  'sam@examdesk.example',
  'ada@examdesk.example',
]);

export function isDemoAccount(email: string): boolean {
  return demoEmails.has(email.toLowerCase());
}

/** Everybody knows these passwords; a database that was a demo once may hold them, and their sessions. */
export function isRefusedDemo(
  { allowsDemoAccounts }: { allowsDemoAccounts: boolean },
  email: string,
): boolean {
  return !allowsDemoAccounts && isDemoAccount(email);
}
