// Routes are declared with these types, mounted by app.ts, described by openapi.ts.
import type { Request, Response } from 'express';
import type { z } from 'zod';

export type Access = 'anyone' | 'session' | 'referrer' | 'staff' | 'admin';
export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** A page, for people. */
export interface PageRoute {
  method: Method;
  /** Express's notation: `/bookings/:id`. */
  path: string;
  access: Access;
  /** Open pages request it on a timer. While acting, such views are recorded once an episode. */
  isPolled?: boolean;
  handle(req: Request, res: Response): Promise<void> | void;
}

/** A JSON endpoint, for programs, on the same URLs. The OpenAPI document is made from its schemas. */
export interface Endpoint extends PageRoute {
  summary: string;
  request?: {
    params?: z.ZodType;
    query?: z.ZodType;
    headers?: z.ZodType;
    body?: z.ZodType;
    form?: z.ZodType;
    multipart?: z.ZodType;
  };
  responses: Record<number, { description: string; schema?: z.ZodType; contentType?: string }>;
}
