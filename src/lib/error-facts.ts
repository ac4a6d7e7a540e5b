/** Matches lines of the stack. The stack begins with the message, in which a line of typed text may also begin with "at". */
const frame = /^\s+at .*file:\/\/\S+:\d+:\d+\)?$/;

/**
 * The parts of an unexpected error that may be logged: name, codes and our own lines of the stack. Messages and details
 * of drivers can quote what people typed, which may be health information.
 */
export function errorFacts(error: unknown): {
  name: string;
  code?: string;
  constraint?: string;
  at?: string[];
} {
  if (!(error instanceof Error)) return { name: typeof error };
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  const at = error.stack
    ?.split('\n')
    .filter((line) => frame.test(line) && !line.includes('node_modules'))
    .slice(0, 4)
    .map((line) => line.trim());
  return {
    name: error.name,
    ...(typeof code === 'string' && { code }),
    ...(typeof constraint === 'string' && { constraint }),
    ...(at && at.length > 0 && { at }),
  };
}
