// How rooms write down who may do what: a right is a list of rules, and is given when every rule holds. So the code
// that grants a right and the page that explains a refusal ask the same rules.
import type { Viewer } from './viewer.ts';

export interface AccessRule<Subject> {
  /** The rule as a sentence. */
  rule: string;
  /** Left out: the rule applies to every subject. */
  appliesTo?: (subject: Subject) => boolean;
  holds: (viewer: Viewer, subject: Subject) => boolean;
  /** What was found: ids, roles, names of people and organisations; nothing of the examinee, no file's name. */
  finding: (viewer: Viewer, subject: Subject) => string;
}

export interface RuleResult {
  rule: string;
  holds: boolean;
  finding: string;
}

export function everyRuleHolds<S>(rules: readonly AccessRule<S>[], viewer: Viewer, subject: S): boolean {
  return rules.every(({ appliesTo, holds }) => !(appliesTo?.(subject) ?? true) || holds(viewer, subject));
}

export function* askRules<S>(
  rules: readonly AccessRule<S>[],
  viewer: Viewer,
  subject: S,
): Generator<RuleResult> {
  for (const { rule, appliesTo, holds, finding } of rules) {
    if (appliesTo?.(subject) ?? true)
      yield { rule, holds: holds(viewer, subject), finding: finding(viewer, subject) };
  }
}

/** For findings: `is staff`, `is of Harbour Legal`. */
export function affiliationOf({ role, organization }: Viewer): string {
  if (role !== 'referrer') return 'is staff';
  return organization ? `is of ${organization.name}` : 'belongs to no organisation';
}
