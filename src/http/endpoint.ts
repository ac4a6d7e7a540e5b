// What a route is: declared once, mounted by app.ts, described by openapi.ts.
import type { Request, Response } from 'express';
import type { z } from 'zod';

export type Access = 'anyone' | 'session' | 'referrer' | 'staff' | 'admin';
export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** A page: for people. */
export interface PageRoute {
  method: Method;
  /** Express's notation: `/bookings/:id`. */
  path: string;
  access: Access;
  /** A page that is open asks for it on a timer: while acting it is seen once, and elsewhere nobody may say so. */
  isPolled?: boolean;
  handle(req: Request, res: Response): Promise<void> | void;
}

/** An endpoint: for programs, on the same URLs. Its schemas are the OpenAPI document. */
export interface Endpoint extends PageRoute {
  summary: string;
  request?: {
    params?: z.ZodType;
    query?: z.ZodType;
    headers?: z.ZodType;
    body?: z.ZodType;
    multipart?: z.ZodType;
  };
  responses: Record<number, { description: string; schema?: z.ZodType; contentType?: string }>;
}
