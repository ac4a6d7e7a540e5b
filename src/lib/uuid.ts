/** What every UUID looks like, also inside an address or a text. */
export const uuidShape = '[\\da-f]{8}(?:-[\\da-f]{4}){3}-[\\da-f]{12}';
/** The same to its ends, for PostgreSQL, too; of either case. */
export const uuidPattern = `^${uuidShape}$`;

const whole = new RegExp(uuidPattern, 'i');

/** Whether PostgreSQL would take it for an id: it answers to anything else with an error. */
export function isUuid(text: string): boolean;
export function isUuid(text: unknown): text is string;
export function isUuid(text: unknown): boolean {
  return typeof text === 'string' && whole.test(text);
}
