export { type Line, type LineState } from './check.ts';
export { createDoctor, type Doctor, type DoctorDeps, type DoctorReport } from './doctor.ts';
export { createProbeTokens, type ProbeTokens } from './probe.tokens.ts';
export { type ProbeAnswer } from './web.checks.ts';
export { createReadiness, type Readiness } from './readiness.ts';
