// How the OpenAPI document describes problem details (RFC 9457).
import { z } from 'zod';
import type { Endpoint } from '../endpoint.ts';
import { problemCodes, type ProblemCode } from '../problem.ts';

/** Loose: some problems have further members (RFC 9457, 3.2). */
export const problemSchema = z.looseObject({
  type: z.url().describe('The address of a page that explains the code'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(Object.keys(problemCodes) as [ProblemCode]),
  requestId: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});

/** One of an endpoint's responses; the description begins with its code (problem.ts). */
export function problem(
  description: string,
  schema: z.ZodType = problemSchema,
): Endpoint['responses'][number] {
  return { description, schema, contentType: 'application/problem+json' };
}
