/**
 * A command as an operator types it here. In production that is `examdesk`, which docs/first-start.md installs and
 * which brings the system's configuration along; elsewhere it is npm.
 */
export function commandLine(name: string, args = ''): string {
  if (process.env.NODE_ENV === 'production') return args ? `examdesk ${name} ${args}` : `examdesk ${name}`;
  return args ? `npm run ${name} -- ${args}` : `npm run ${name}`;
}
