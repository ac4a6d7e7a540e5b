// OpenAPI 3.1, generated from the schemas that validate requests, so the two cannot differ.
import { z } from 'zod';
import { sessionCookieName } from '../accounts/index.ts';
import { problem, problemSchema } from './api/problem.schema.ts';
import type { Endpoint } from './endpoint.ts';
import { isExemptFromSameSite } from './middleware/security.ts';

type JsonSchema = Record<string, unknown>;

export function openApiDocument(endpoints: Endpoint[], baseUrl: string): Record<string, unknown> {
  const pathItems: Record<string, Record<string, unknown>> = {};
  for (const endpoint of endpoints) {
    const path = endpoint.path.replace(/:(\w+)/g, '{$1}');
    pathItems[path] = { ...pathItems[path], [endpoint.method]: operation(endpoint) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Examdesk',
      version: '1',
      description:
        'One set of URLs serves people and programs; send `Accept: application/json`. Requests that change something need an `Origin` header with the address of this server.',
    },
    servers: [{ url: baseUrl }],
    paths: pathItems,
    components: {
      schemas: { Problem: jsonSchema(problemSchema, 'output') },
      securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: sessionCookieName(baseUrl) } },
    },
  };
}

function operation(endpoint: Endpoint): JsonSchema {
  const { request, responses } = endpoint;
  return {
    summary: endpoint.summary,
    security: endpoint.access === 'anyone' ? [] : [{ session: [] }],
    parameters: [
      ...pathParameters(endpoint),
      ...parameters('query', request?.query),
      ...parameters('header', request?.headers),
    ],
    ...requestBody(request),
    responses: {
      ...Object.fromEntries(
        Object.entries({ ...refusalsOfChanges(endpoint), ...responses }).map(([status, answer]) => [
          status,
          response(answer),
        ]),
      ),
      default: {
        description: 'What went wrong, and what to do',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function requestBody(request: Endpoint['request']): JsonSchema {
  const schemas = {
    'application/json': request?.body,
    'application/x-www-form-urlencoded': request?.form,
    'multipart/form-data': request?.multipart,
  };
  const content: JsonSchema = {};
  for (const [type, schema] of Object.entries(schemas))
    if (schema) content[type] = { schema: jsonSchema(schema, 'input') };
  return Object.keys(content).length > 0 ? { requestBody: { required: true, content } } : {};
}

/** What the middleware answers before the handler of an endpoint that changes something. */
function refusalsOfChanges({ method, path }: Endpoint): Endpoint['responses'] {
  if (method === 'get' || isExemptFromSameSite(path)) return {};
  return {
    400: problem('`bad_request`: the body is not what its content type says'),
    403: problem('`cross_site`: neither `Origin` nor `Sec-Fetch-Site` names this server'),
    413: problem('`too_large`'),
    415: problem('`unsupported_type`: this content type is not read here'),
  };
}

function response({ description, schema, contentType }: Endpoint['responses'][number]): JsonSchema {
  if (!schema && !contentType) return { description };
  const type = contentType ?? 'application/json';
  return { description, content: { [type]: schema ? { schema: jsonSchema(schema, 'output') } : {} } };
}

function pathParameters({ path }: Endpoint): JsonSchema[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function parameters(where: 'query' | 'header', schema: z.ZodType | undefined): JsonSchema[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, 'input') as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: required.includes(name),
    schema: property,
  }));
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema: made }) => {
      if (zodSchema instanceof z.ZodDate) Object.assign(made, { type: 'string', format: 'date-time' });
    },
  });
  return rest;
}
