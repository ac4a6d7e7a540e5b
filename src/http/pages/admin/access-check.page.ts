// "Why can't this person see this?": staff name a person and a thing, and the real rules answer.
import type { Request, Response } from 'express';
import { z } from 'zod';
import { explainAccess, type Explanation, type Target } from '../../../access/index.ts';
import type { Database } from '../../../db/knex.ts';
import type { Access, PageRoute } from '../../endpoint.ts';
import { fieldErrors, rawField, typed } from '../../forms/fields.ts';
import { isAllowed } from '../../middleware/access.ts';
import type { PageData } from '../../views.ts';

export interface AccessCheckPage extends PageData {
  values: { person: string; what: string; key: string };
  explanation: Explanation | null;
}

const schema = z.object({
  person: z.string('Name a person').trim().min(1, 'Name a person').max(200, 'Is too long'),
  what: z.enum(['booking', 'document', 'page'], 'Choose what it is about'),
  key: z.string('Say which one').trim().min(1, 'Say which one').max(500, 'Is too long'),
});

const forWhom: Record<Access, string> = {
  anyone: 'anyone',
  session: 'everybody who is signed in',
  referrer: 'referrers',
  staff: 'staff',
  admin: 'admins',
};

const path = '/admin/access-check';

/** @param routes every route of the app: the rules of pages are read off them */
export function accessCheckPages({ db }: { db: Database }, routes: () => PageRoute[]): PageRoute[] {
  return [
    { method: 'get', path, access: 'staff', handle: (req, res) => render(req, res, null, []) },
    { method: 'post', path, access: 'staff', handle: (req, res) => check(db, routes(), req, res) },
  ];
}

async function check(db: Database, routes: PageRoute[], req: Request, res: Response): Promise<void> {
  const form = schema.safeParse(
    Object.fromEntries(['person', 'what', 'key'].map((name) => [name, rawField(req.body, name)])),
  );
  if (!form.success) return render(req, res.status(422), null, fieldErrors(form.error));
  const explanation = await explainAccess(db, form.data.person, targetOf(form.data, routes));
  if (explanation) return render(req, res, explanation, []);
  render(req, res.status(422), null, [{ path: 'person', message: 'Nobody has this e-mail address' }]);
}

function targetOf({ what, key }: z.output<typeof schema>, routes: PageRoute[]): Target {
  if (what !== 'page') return { kind: what, key };
  const { pathname } = new URL(URL.canParse(key) ? key : `http://any.example/${key.replace(/^\/+/, '')}`);
  const route = routes.find((one) => one.method === 'get' && matches(one.path, pathname));
  if (!route) return { kind: 'page', key: pathname, route: null };
  const { access } = route;
  return {
    kind: 'page',
    key: pathname,
    route: {
      pattern: route.path,
      forWhom: forWhom[access],
      mayOpen: (viewer) => access === 'anyone' || isAllowed(viewer, access),
    },
  };
}

function matches(pattern: string, pathname: string): boolean {
  const wanted = pattern.split('/');
  const given = pathname.split('/');
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => part.startsWith(':') || part === given[index])
  );
}

function render(
  req: Request,
  res: Response,
  explanation: Explanation | null,
  errors: { path: string; message: string }[],
): void {
  const page: AccessCheckPage = {
    title: 'Why can’t they see it?',
    errors,
    explanation,
    values: {
      person: typed(req.body, 'person'),
      what: typed(req.body, 'what') || 'booking',
      key: typed(req.body, 'key'),
    },
  };
  res.render('admin/access-check', page);
}
