// Turns refusals of rooms into problems, for every form of the console.
import { personRefusals } from '../../accounts/index.ts';
import type { Failure } from '../../lib/result.ts';
import { problemFor } from '../api/bookings.problems.ts';
import { withheldProblem } from '../api/documents.problems.ts';
import { badRequest, conflict, forbidden, notFound, Problem } from '../problem.ts';
import type { Refusal } from './forms/form.ts';

type Refused = Failure<Exclude<Refusal, { reason: 'stale' }>>;

const impossible = {
  outcome_pending: 'Another change to this booking is in progress. Try again in a moment',
  never_read: 'Acuity’s questions have never been read. Open Acuity questions first',
  under_way: 'A reconciliation is already running. See its report',
};

/** @param words by reason, as sentences without their stop */
const isToldBy = <Reason extends string>(
  refused: Refused,
  words: Record<Reason, string>,
): refused is Extract<Refused, { reason: Reason }> => refused.reason in words;

export function refusalProblem(refused: Refused): Problem {
  if (refused.reason === 'not_allowed') return forbidden();
  if (refused.reason === 'not_found') return notFound();
  if (isToldBy(refused, personRefusals)) return badRequest(`${personRefusals[refused.reason]}.`);
  if (isToldBy(refused, impossible)) return impossibleNow(impossible[refused.reason]);
  if (refused.reason === 'skipped') return impossibleNow(refused.why);
  if (refused.reason === 'not_available') return withheldProblem(refused, 'document');
  if (refused.reason === 'no_such_job') return notFound('This job no longer exists, or is running already.');
  if (refused.reason === 'questions_changed')
    return conflict('stale_version', 'Acuity’s questions changed meanwhile. Open the form again.');
  if (refused.reason === 'acuity')
    return new Problem(
      'acuity_unavailable',
      'We can’t reach Acuity right now. Its calendars and appointment types are needed here. Try again in a moment.',
      { headers: { 'Retry-After': '10' } },
    );
  return problemFor(refused);
}

const impossibleNow = (why: string) => conflict('invalid_transition', `${why}.`);
