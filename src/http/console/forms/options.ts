// The options that search fields of forms find while somebody types: GET `?query=` answers `{options: [{value, label}]}`.
import { Router } from 'express';
import { badRequest } from '../../problem.ts';
import type { ConsoleServices } from '../console.services.ts';

/** The searches by their address. Each finds at most twenty options, by words of their names. */
export const optionSources = {
  async '/admin/options/referrers'({ impersonation }: ConsoleServices, query: string) {
    const found = await impersonation.search(query);
    return found.map(({ id, name, email, organization }) => ({
      value: id,
      label: `${name}, ${organization.name} (${email})`,
    }));
  },
  async '/admin/options/organizations'({ accounts }: ConsoleServices, find: string) {
    const { items } = await accounts.organizations.list({ find });
    return items.slice(0, 20).map(({ id, name }) => ({ value: id, label: name }));
  },
};
export type OptionSource = keyof typeof optionSources;

export function optionRoutes(services: ConsoleServices): Router {
  const router = Router();
  for (const [address, find] of Object.entries(optionSources))
    router.get(address, async ({ query: { query } }, res) => {
      if (typeof query !== 'string' || query.length > 200)
        throw badRequest('Give one query of at most 200 characters.');
      res.json({ options: await find(services, query) });
    });
  return router;
}
