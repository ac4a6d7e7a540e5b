// Reads values of any type from a body or a query.

export type Body = Record<string, unknown>;

export function isBlank(given: unknown): boolean {
  return given === undefined || given === null || given === '';
}

export function text(given: unknown): string {
  return typeof given === 'string'
    ? given
    : typeof given === 'number' || typeof given === 'boolean'
      ? String(given)
      : '';
}

/** The objects in a list; other elements are ignored. */
export function objectsIn(given: unknown): Body[] {
  const all = Array.isArray(given) ? (given as unknown[]) : [];
  return all.filter((one): one is Body => typeof one === 'object' && one !== null);
}

/** Reads a list from a query: `name=1&name=2`, `name[]=1` or `name[0]=1` (acuity.md, section 11). */
export function numbersIn(query: Body, name: string): number[] {
  const isNamed = (key: string): boolean =>
    key === name || (key.startsWith(`${name}[`) && /^\[\d*\]$/.test(key.slice(name.length)));
  return Object.entries(query)
    .filter(([key]) => isNamed(key))
    .flatMap(([, value]) => (Array.isArray(value) ? (value as unknown[]) : [value]))
    .filter((value) => !isBlank(value))
    .map(Number);
}
