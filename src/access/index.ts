export { explainAccess, type Explanation, type Step, type Target } from './explanation.ts';
