export * from './import.ts';
export { createImports, type ImportDeps, type Imports } from './import.service.ts';
export { TableError } from './import.table.ts';
export { isPastProgress, pastProgresses, type PastRule } from './past.rule.ts';
