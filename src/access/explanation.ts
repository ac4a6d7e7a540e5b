// Explains why a person may or may not see something: evaluates each access rule in order, up to the first that blocks.
import type { AccountStatus, RuleResult, Viewer } from '../accounts/index.ts';

export type Step = RuleResult;

export interface Explanation {
  person: { id: string; name: string; email: string };
  isAllowed: boolean;
  /** When access is refused, the last step is the rule that blocks. */
  steps: Step[];
}

/** The rules of one target, for a person who may sign in. */
export type Rules = (viewer: Viewer) => AsyncIterable<Step>;

export type Target =
  /** Needs an account, and two-step sign-in of staff. */
  | { for: 'people'; rules: Rules }
  /** Needs no account; staff who are signed in still need two-step sign-in. */
  | { for: 'anyone'; rules: () => AsyncIterable<Step> }
  /** Needs an account. Staff reach it before two-step sign-in: to set it up, and to sign out. */
  | { for: 'people_setting_up'; rules: Rules }
  /** Answered before the session is read. */
  | { for: 'everything'; rules: () => AsyncIterable<Step> };

export async function explainAccess(accountStatus: AccountStatus, target: Target): Promise<Explanation> {
  const steps: Step[] = [];
  for await (const step of rulesFor(accountStatus, target)) {
    steps.push(step);
    if (!step.holds) break;
  }
  return { person: accountStatus.user, isAllowed: steps.every(({ holds }) => holds), steps };
}

async function* rulesFor(accountStatus: AccountStatus, target: Target): AsyncGenerator<Step> {
  const isPersonal = target.for === 'people' || target.for === 'people_setting_up';
  if (isPersonal) yield* personRules(accountStatus);
  if (target.for === 'people' || target.for === 'anyone') yield* secondStepRule(accountStatus);
  if (!isPersonal) yield* target.rules();
  else if (accountStatus.viewer) yield* target.rules(accountStatus.viewer);
}

function* personRules({
  isBanned,
  awaitsInvitation,
  demo,
  role,
  viewer,
  user,
}: AccountStatus): Generator<Step> {
  yield {
    rule: 'The account is active',
    holds: !isBanned,
    finding: isBanned ? `${user.name} is deactivated` : `${user.name} is active`,
  };
  if (awaitsInvitation)
    yield {
      rule: 'The invitation is accepted',
      holds: false,
      finding: `${user.name} was imported and has no password yet: invite them`,
    };
  if (demo !== null)
    yield {
      rule: 'Demo accounts are let in',
      holds: demo === 'let_in',
      finding: `${user.name} is one of the demo’s people, whose password everybody knows`,
    };
  yield { rule: 'The role is one we know', holds: viewer !== null, finding: `The role is ${role}` };
}

function* secondStepRule({ viewer, user, mustSetUpTwoFactor }: AccountStatus): Generator<Step> {
  if (!viewer || (viewer.role === 'referrer' && !mustSetUpTwoFactor)) return;
  yield {
    rule: 'Staff sign in in two steps, and referrers whose organisation requires it',
    holds: !mustSetUpTwoFactor,
    finding: mustSetUpTwoFactor
      ? `${user.name} has not set up the second step: until then nothing else opens`
      : `${user.name} has a second step, or needs none`,
  };
}
