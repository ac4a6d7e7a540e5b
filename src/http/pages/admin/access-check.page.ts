// Check access: staff name a person and a record or page, and the access rules themselves answer.
import type { Request, Response } from 'express';
import { z } from 'zod';
import {
  bookingRules,
  documentRules,
  explainAccess,
  type Explanation,
  type Target,
} from '../../../access/index.ts';
import { tidyLine, withoutShapeless } from '../../../lib/typed-text.ts';
import type { FieldError } from '../../../lib/result.ts';
import type { PageRoute } from '../../endpoint.ts';
import { fieldErrors, rawField, typed } from '../../forms/fields.ts';
import type { PageData } from '../../views.ts';
import { createPageRules, type PageRuleServices } from './page-rules.ts';

export interface AccessCheckPage extends PageData {
  values: { person: string; what: string; key: string };
  explanation: Explanation | null;
}

const schema = z.object({
  person: z.string('Enter a person').overwrite(tidyLine).min(1, 'Enter a person').max(200, 'Is too long'),
  what: z.enum(['booking', 'document', 'page'], 'Choose what it is about'),
  key: z
    .string('Enter which one')
    .overwrite((key) => withoutShapeless(key).trim())
    .min(1, 'Enter which one')
    .max(500, 'Is too long'),
});

type FormData = z.output<typeof schema>;

const path = '/admin/access-check';

/** @param routes every route of the app, with its rule */
export function accessCheckPages(services: PageRuleServices, routes: () => PageRoute[]): PageRoute[] {
  let pageRules: ReturnType<typeof createPageRules> | undefined;
  const targetOf = async ({ what, key }: FormData): Promise<Target> => {
    if (what === 'booking') return { for: 'people', rules: bookingRules(services.db, key) };
    if (what === 'document') return { for: 'people', rules: documentRules(services.db, key, 'open') };
    pageRules ??= createPageRules(services, routes());
    return pageRules(pathnameOf(key));
  };
  return [
    { method: 'get', path, access: 'staff', handle: (req, res) => render(req, res, null, []) },
    {
      method: 'post',
      path,
      access: 'staff',
      async handle(req, res) {
        const form = schema.safeParse(
          Object.fromEntries(['person', 'what', 'key'].map((name) => [name, rawField(req.body, name)])),
        );
        if (!form.success) return render(req, res.status(422), null, fieldErrors(form.error));
        const accountStatus = await services.accounts.accountStatus(form.data.person);
        if (!accountStatus) return render(req, res.status(422), null, [nobody]);
        render(req, res, await explainAccess(accountStatus, await targetOf(form.data)), []);
      },
    },
  ];
}

const nobody = { path: 'person', message: 'Nobody has this e-mail address' };

function pathnameOf(address: string): string {
  return new URL(URL.canParse(address) ? address : `http://any.example/${address.replace(/^\/+/, '')}`)
    .pathname;
}

function render(req: Request, res: Response, explanation: Explanation | null, errors: FieldError[]): void {
  const page: AccessCheckPage = {
    title: 'Check access',
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
