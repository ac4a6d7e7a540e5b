// Fault injection: tests choose which calls fail, how, and how often.
import { z } from 'zod';

export const faultRulesSchema = z.object({
  rules: z.array(
    z.object({
      method: z.string().optional(),
      /** A substring of the path, without the query: `/appointments` matches every call on appointments. */
      path: z.string().optional(),
      times: z.number().int().positive().optional(),
      probability: z.number().min(0).max(1).optional(),
      effect: z.object({
        delayMs: z.number().min(0).optional(),
        status: z.number().int().min(100).max(599).optional(),
        body: z.unknown().optional(),
        drop: z.enum(['before', 'after']).optional(),
      }),
    }),
  ),
});

export type FaultRule = z.output<typeof faultRulesSchema>['rules'][number];

export interface Faults {
  set(rules: FaultRule[]): void;
  /** The effect of the first rule that matches this call; a rule with `times` expires after so many matches. */
  effectFor(method: string, path: string): FaultRule['effect'] | null;
}

export function createFaults(): Faults {
  let rules: { rule: FaultRule; left: number }[] = [];
  return {
    set(given) {
      rules = given.map((rule) => ({ rule, left: rule.times ?? Infinity }));
    },
    effectFor(method, path) {
      const found = rules.find(
        ({ rule, left }) =>
          left > 0 &&
          (rule.method === undefined || rule.method.toUpperCase() === method) &&
          (rule.path === undefined || path.includes(rule.path)) &&
          (rule.probability === undefined || Math.random() < rule.probability),
      );
      if (!found) return null;
      found.left -= 1;
      return found.rule.effect;
    },
  };
}
