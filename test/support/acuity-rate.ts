// How many calls to Acuity a second the app makes in tests. The production rate is the subject of few tests; in all
// others it would only make them wait.
export const acuityRate = { perSecond: 1_000, env: { ACUITY_CALLS_PER_SECOND: '1000' } };
