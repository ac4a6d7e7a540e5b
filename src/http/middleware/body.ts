import express, { type Request, type RequestHandler } from 'express';
import { signedPaths } from '../paths.ts';
import { badRequest, Problem } from '../problem.ts';

const limit = '100kb';

/** Any body except an upload arrives within this time, also on a slow line. */
const patienceMs = 60_000;

// Forms have a field for each of Acuity's questions; an account can have hundreds. Answers arrive percent-encoded: up
// to nine bytes for one letter.
const formLimits = { limit: '500kb', parameterLimit: 1_000 };
const parseJson = express.json({ limit, strict: true });
const parseForm = express.urlencoded({ ...formLimits, extended: false });

/** Whether the client says that a body follows. */
export function hasBody(req: Request): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
}

const parse: RequestHandler = (req, res, next) => {
  if (!hasBody(req) || req.is('multipart')) return next();
  const timer = setTimeout(() => void (req.complete || req.destroy()), patienceMs);
  res.once('close', () => clearTimeout(timer));
  // Their routes read the raw bytes, so no parser may consume them first.
  if (signedPaths.has(req.path)) return next();
  if (req.is('json')) return parseJson(req, res, next);
  if (req.is('urlencoded')) return parseForm(req, res, next);
  next(
    new Problem(
      'unsupported_type',
      'Send JSON (application/json) or a form (application/x-www-form-urlencoded).',
    ),
  );
};

/** Keeps the parsed query, which Express would parse again each time it is read. */
const keepQuery: RequestHandler = (req, _res, next) => {
  Object.defineProperty(req, 'query', { value: req.query, configurable: true });
  next();
};

// PostgreSQL text cannot store NUL or lone surrogates, and people type neither.
const refuseFaults: RequestHandler = (req, _res, next) => {
  const fault = faultIn(req.body) ?? faultIn(req.query) ?? (req.path.includes('%00') ? nul : null);
  next(fault === null ? undefined : badRequest(fault));
};

export const readBody: RequestHandler[] = [parse, keepQuery, refuseFaults];

const nul = 'NUL characters are not allowed.';
const loneSurrogate = 'The text contains half a character (a lone surrogate). Send whole characters.';

function faultIn(value: unknown, depth = 0): string | null {
  if (typeof value === 'string') return faultOf(value);
  if (typeof value !== 'object' || value === null || depth > 20) return null;
  for (const [key, inner] of Object.entries(value)) {
    const fault = faultOf(key) ?? faultIn(inner, depth + 1);
    if (fault !== null) return fault;
  }
  return null;
}

function faultOf(text: string): string | null {
  if (text.includes('\u0000')) return nul;
  return text.isWellFormed() ? null : loneSurrogate;
}
