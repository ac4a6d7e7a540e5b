// What becomes of what rooms refuse, for every form of the console.
import { personRefusals } from '../../accounts/index.ts';
import type { Failure } from '../../lib/result.ts';
import { problemFor } from '../api/bookings.problems.ts';
import { withheldProblem } from '../api/documents.problems.ts';
import { badRequest, conflict, forbidden, notFound, Problem } from '../problem.ts';
import type { Refusal } from './forms/form.ts';

export function refusalProblem(refused: Failure<Exclude<Refusal, { reason: 'stale' }>>): Problem {
  switch (refused.reason) {
    case 'not_allowed':
      return forbidden();
    case 'oneself':
    case 'last_admin':
    case 'merged_away':
    case 'unknown_organization':
      return badRequest(`${personRefusals[refused.reason]}.`);
    case 'not_available':
      return withheldProblem(refused, 'document');
    case 'acuity':
      return new Problem(
        'acuity_unavailable',
        'We can’t reach Acuity right now. Its calendars and appointment types are needed here. Try again in a moment.',
        { headers: { 'Retry-After': '10' } },
      );
    case 'outcome_pending':
      return impossible('Another change to this booking is in progress. Try again in a moment.');
    case 'never_read':
      return impossible('Acuity’s questions have never been read. Open Acuity questions first.');
    case 'questions_changed':
      return conflict('stale_version', 'Acuity’s questions changed meanwhile. Open the form again.');
    case 'under_way':
      return impossible('A reconciliation is already running. See its report.');
    case 'no_such_job':
      return notFound('This job no longer exists, or is running already.');
    case 'skipped':
      return impossible(`${refused.why}.`);
    case 'acuity_error':
    case 'acuity_queue_full':
    case 'acuity_refuses_us':
    case 'acuity_unavailable':
    case 'already_cancelled':
    case 'forbidden':
    case 'idempotency_conflict':
    case 'invalid':
    case 'invalid_transition':
    case 'not_found':
    case 'slot_taken':
      break;
  }
  return problemFor(refused);
}

const impossible = (detail: string) => conflict('invalid_transition', detail);
