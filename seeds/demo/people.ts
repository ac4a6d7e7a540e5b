// The demo's organisations and people. The five of `accounts` can sign in (src/accounts/viewer.ts knows their
// addresses); their colleagues have no password, so that none becomes public.
export interface DemoOrganization {
  name: string;
  slug: string;
}

const harbour: DemoOrganization = { name: 'Harbour Legal', slug: 'harbour-legal' };
const northside: DemoOrganization = { name: 'Northside Claims', slug: 'northside-claims' };
const ashgrove: DemoOrganization = { name: 'Ashgrove Lawyers', slug: 'ashgrove-lawyers' };

export interface DemoPerson {
  name: string;
  email: string;
  role: 'referrer' | 'support' | 'admin';
  organization: DemoOrganization | null;
}

export const accounts = [
  { name: 'Rita Alvarez', email: 'rita@harbour-legal.example', role: 'referrer', organization: harbour },
  { name: 'Rob Petersen', email: 'rob@harbour-legal.example', role: 'referrer', organization: harbour },
  { name: 'Nadia Karim', email: 'nadia@northside-claims.example', role: 'referrer', organization: northside },
  { name: 'Sam Whitlock', email: 'sam@examdesk.example', role: 'support', organization: null },
  { name: 'Ada Lindqvist', email: 'ada@examdesk.example', role: 'admin', organization: null },
] as const satisfies DemoPerson[];

export const colleagues = [
  { name: 'Priya Raman', email: 'priya@harbour-legal.example', role: 'referrer', organization: harbour },
  { name: 'Jonah Feld', email: 'jonah@northside-claims.example', role: 'referrer', organization: northside },
  { name: 'Mei Tanaka', email: 'mei@ashgrove-lawyers.example', role: 'referrer', organization: ashgrove },
  {
    name: 'Declan Byrne',
    email: 'declan@ashgrove-lawyers.example',
    role: 'referrer',
    organization: ashgrove,
  },
  { name: 'Isla Novak', email: 'isla@ashgrove-lawyers.example', role: 'referrer', organization: ashgrove },
] as const satisfies DemoPerson[];

type Everybody = (typeof accounts)[number] | (typeof colleagues)[number];
/** `rita`, the part of the address before the @. */
export type PersonKey = Everybody['email'] extends infer E
  ? E extends `${infer Key}@${string}`
    ? Key
    : never
  : never;

export function keyOf({ email }: Pick<DemoPerson, 'email'>): PersonKey {
  return email.slice(0, email.indexOf('@')) as PersonKey;
}

export const everybody: readonly DemoPerson[] = [...accounts, ...colleagues];

export function personOf(key: PersonKey): DemoPerson {
  const found = everybody.find((person) => keyOf(person) === key);
  if (!found) throw new Error(`The demo has no person ${key}`);
  return found;
}

/** Office numbers that are reserved for fiction. */
export const phoneOf = (key: PersonKey): string =>
  `+61255501${String(100 + everybody.indexOf(personOf(key)))}`;
