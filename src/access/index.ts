export { explainAccess, type Explanation, type Rules, type Step, type Target } from './explanation.ts';
export {
  attemptRules,
  bookingPageRules,
  bookingRules,
  documentRules,
  draftRules,
} from './record.rules.ts';
