import type { Request } from 'express';
import type { PageRoute } from './endpoint.ts';
import { paths } from './paths.ts';

/** Which route a request is for, when none has taken it yet: its pattern, or undefined. */
export function routeFinder(
  routes: Pick<PageRoute, 'method' | 'path'>[],
): (req: Request) => string | undefined {
  const known = routes.map(({ method, path }) => ({ method, path, pattern: patternOf(path) }));
  return ({ method, path }) => {
    const asked = method === 'HEAD' ? 'get' : method.toLowerCase();
    const found = known.find((route) => route.method === asked && route.pattern.test(path));
    return found?.path ?? (patternOf(`${paths.console()}/*rest`).test(path) ? paths.console() : undefined);
  };
}

/** Of Express's notation, as far as our routes use it. */
function patternOf(path: string): RegExp {
  const source = path
    .replaceAll('.', String.raw`\.`)
    .replace(/:\w+/g, '[^/]+')
    .replace(/\/\*\w+$/, '(/.*)?');
  return new RegExp(`^${source}/?$`, 'i');
}
