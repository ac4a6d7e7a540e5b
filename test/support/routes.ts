// All routes of the app, read from its router, so that new routes are included automatically.
import type { Express } from 'express';

interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
  handle?: { stack?: Layer[] };
}

/** `get /bookings/:id`, each once, in matching order. */
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
