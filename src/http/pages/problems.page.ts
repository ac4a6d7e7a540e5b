import type { PageRoute } from '../endpoint.ts';
import { paths } from '../paths.ts';
import { problemCodes } from '../problem.ts';
import type { PageData } from '../views.ts';

export interface ProblemsPage extends PageData {
  codes: { code: string; status: number; title: string; means: string }[];
}

const outcomePending = {
  code: 'outcome_pending',
  status: 202,
  title: 'Accepted',
  means:
    'The calendar’s answer was lost. We are finding out what happened: read the address in the header Location until it says.',
};

/** What the codes of errors mean: the address of a problem document's `type`. */
export const problemsPage: PageRoute = {
  method: 'get',
  path: paths.problems(),
  access: 'anyone',
  handle(_req, res) {
    const codes = Object.entries(problemCodes).map(([code, words]) => ({ code, ...words }));
    const page: ProblemsPage = { title: 'Problem types', codes: [...codes, outcomePending] };
    res.render('errors/types', page);
  },
};
