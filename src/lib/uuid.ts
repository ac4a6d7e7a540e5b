/** The pattern of a UUID, for use within longer patterns. */
export const uuidShape = '[\\da-f]{8}(?:-[\\da-f]{4}){3}-[\\da-f]{12}';
/** The whole text is a UUID. Works in PostgreSQL, too; match case-insensitively. */
export const uuidPattern = `^${uuidShape}$`;

const whole = new RegExp(uuidPattern, 'i');

/** Whether PostgreSQL accepts it as a uuid: it raises an error for anything else. */
export function isUuid(text: string): boolean;
export function isUuid(text: unknown): text is string;
export function isUuid(text: unknown): boolean {
  return typeof text === 'string' && whole.test(text);
}
