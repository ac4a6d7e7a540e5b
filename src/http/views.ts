// The EJS engine: `name.ejs` is a page and is wrapped in views/layouts/page.ejs, `_name.ejs` is a fragment and is sent
// as it is. Templates are strict: every value is `it.x`.
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ejs from 'ejs';
import type { Express, RequestHandler } from 'express';
import type { KeptForm } from '../accounts/index.ts';
import type { FieldError } from '../lib/result.ts';
import type { Assets } from './assets.ts';
import { fillForms } from './fill-forms.ts';
import { viewHelpers } from './view-helpers.ts';

const special = /[&<>"']/;
const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

/** Escapes as EJS does, but faster for texts with nothing to escape: nearly all are, and a list has hundreds. */
export function escapeText(value?: string | number | boolean | null): string {
  if (value === undefined || value === null) return '';
  const text = String(value);
  return special.test(text) ? text.replace(/[&<>"']/g, (one) => entities[one] ?? one) : text;
}

const projectRoot = join(dirname(fileURLToPath(import.meta.url)), '../..');
const viewsRoot = join(projectRoot, 'views');
const layout = join(viewsRoot, 'layouts/page.ejs');

/** What every page passes to the layout. The rest (viewer, currentPath, requestId) comes from res.locals. */
export interface PageData {
  /** Without the product's name; the layout puts "Error: " before it when there are errors. */
  title: string;
  /** Shown by the error summary; `path` is the field's name with dots (`examinee.firstName`). */
  errors?: FieldError[];
}

type Rendered = (error: Error | null, html?: string) => void;

/** Registers the engine. `cache` keeps compiled templates (production, tests); without it they are read on each render. */
export function installViews(app: Express, { cache, assets }: { cache: boolean; assets: Assets }): void {
  const ejsOptions: ejs.Options & { unsafePrototypeLocals: boolean } = {
    root: viewsRoot,
    views: [viewsRoot],
    cache,
    strict: true,
    localsName: 'it',
    // Otherwise each template and fragment would copy all values into an object without a prototype. That is not needed:
    // templates read only `it.x`, never a bare name that a prototype could define.
    unsafePrototypeLocals: true,
    escape: escapeText,
  };
  const render = (file: string, data: object, done: Rendered) =>
    ejs.renderFile(file, data as ejs.Data, ejsOptions, done);

  app.engine('ejs', (file, data, done) => {
    const isFragment = basename(file).startsWith('_');
    const { keptForms } = data as { keptForms?: KeptForm[] };
    render(file, data, (error, rendered = '') => {
      if (error) return done(error);
      const { html: body, found } = keptForms?.length
        ? fillForms(rendered, keptForms)
        : { html: rendered, found: null };
      if (isFragment) done(null, body);
      else render(layout, { ...data, body, filled: found }, done);
    });
  });
  app.set('views', viewsRoot);
  app.set('view engine', 'ejs');
  app.set('view cache', cache);
  Object.assign(app.locals, viewHelpers, { asset: assets.url });
}

/** The path by which the navigation marks where the person is. */
export const currentPath: RequestHandler = (req, res, next) => {
  res.locals.currentPath = req.path;
  next();
};
