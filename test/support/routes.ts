// What the app really answers to, read from its router: a route that somebody adds is in here without being named.
import type { Express } from 'express';

interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
  handle?: { stack?: Layer[] };
}

/** `get /bookings/:id`, each once, in the order in which they are matched. */
export function mountedRoutes(app: Express): string[] {
  const found = (stack: Layer[]): string[] =>
    stack.flatMap(({ route, handle }) =>
      route
        ? Object.keys(route.methods).map((method) => `${method} ${route.path}`)
        : found(handle?.stack ?? []),
    );
  const { stack } = (app as unknown as { router: { stack: Layer[] } }).router;
  return [...new Set(found(stack))];
}

export const isChanging = (route: string): boolean => !/^(get|head|options) /.test(route);
