// What a field of a form may be, searched for as one types: a field of type `search` names its address here.
import type { RequestHandler } from 'express';
import { badRequest } from '../problem.ts';
import type { ConsoleServices } from './console.services.ts';

export const referrerOptionsAddress = '/admin/options/referrers';

interface Option {
  value: string;
  label: string;
}

/** GET `?query=`: the best twenty, `{options: [{value, label}]}`. Staff are nobody's referrers, the deactivated no more. */
export const referrerOptions =
  ({ impersonation }: Pick<ConsoleServices, 'impersonation'>): RequestHandler =>
  async (req, res) => {
    const { query } = req.query;
    if (typeof query !== 'string' || query.length > 200)
      throw badRequest('Give one query of 200 characters.');
    const found = await impersonation.search(query);
    const options: Option[] = found.map(({ id, name, email, organization }) => ({
      value: id,
      label: `${name}, ${organization.name} (${email})`,
    }));
    res.json({ options });
  };
