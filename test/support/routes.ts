// All routes of the app, read from its router, so that new routes are included automatically.
import type { Express } from 'express';

interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
  handle?: { stack?: Layer[] };
}

/** `get /bookings/:id`, each once, in matching order; a path with an optional part, `/a{/b}`, with it and without. */
export function mountedRoutes(app: Express): string[] {
  const found = (stack: Layer[]): string[] =>
    stack.flatMap(({ route, handle }) =>
      route
        ? Object.keys(route.methods).flatMap((method) =>
            withAndWithout(route.path).map((path) => `${method} ${path}`),
          )
        : found(handle?.stack ?? []),
    );
  const { stack } = (app as unknown as { router: { stack: Layer[] } }).router;
  return [...new Set(found(stack))];
}

function withAndWithout(path: string): string[] {
  const optional = /^(.*?)\{([^{}]*)\}(.*)$/.exec(path);
  if (!optional) return [path];
  const [, before = '', part = '', after = ''] = optional;
  return [...withAndWithout(before + after), ...withAndWithout(before + part + after)];
}

export const isChanging = (route: string): boolean => !/^(get|head|options) /.test(route);
