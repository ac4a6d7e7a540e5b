/** The town of an address, for choices: `Sydney NSW` for `Level 8, 210 George Street, Sydney NSW 2000`. */
export function townOf(location: string): string {
  const last = location.split(',').at(-1) ?? location;
  return last.replace(/\s+\d{3,6}\s*$/, '').trim() || location.trim();
}
