import type { Request } from 'express';
import type { PageRoute } from './endpoint.ts';
import { paths } from './paths.ts';

/** The pattern of the route that matches a request, before Express has matched it; undefined when none does. */
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

/** Supports the parts of Express's path notation that our routes use. */
function patternOf(path: string): RegExp {
  const source = path
    .replaceAll('.', String.raw`\.`)
    .replace(/:\w+/g, '[^/]+')
    .replace(/\/\*\w+$/, '(/.*)?');
  return new RegExp(`^${source}/?$`, 'i');
}
