import type { Acuity, AcuityFailure, AcuityResult, Appointment } from '../../src/ports/acuity.ts';
import { failure } from '../../src/lib/result.ts';

type Loss =
  /** Carried out; the answer is lost. */
  | 'after'
  /** Lost on the way: Acuity never received it, and the caller cannot know. */
  | 'before'
  /** Carried out; the answer cannot be parsed. */
  | 'odd'
  | { fails: AcuityFailure }
  | { answers: (given: Appointment) => Appointment };

export interface LossyAcuity extends Acuity {
  /** Decides what happens to the next write. */
  lose(...losses: Loss[]): void;
}

const nobodyKnows: AcuityFailure = { reason: 'unavailable', notSent: false, retryAfterMs: 1_000 };

/** Wraps an Acuity so that its next writes fail in a chosen way. */
export function lossy(acuity: Acuity): LossyAcuity {
  const losses: Loss[] = [];
  async function write(work: () => Promise<AcuityResult<Appointment>>): Promise<AcuityResult<Appointment>> {
    const loss = losses.shift();
    if (loss === undefined) return work();
    if (loss === 'before') return failure(nobodyKnows);
    if (typeof loss === 'object' && 'fails' in loss) return failure(loss.fails);
    const result = await work();
    if (loss === 'after') return failure(nobodyKnows);
    if (loss === 'odd') return failure({ reason: 'unreadable' });
    return result.ok ? { ok: true, value: loss.answers(result.value) } : result;
  }
  return {
    ...acuity,
    lose: (...more) => void losses.push(...more),
    createAppointment: (appointment) => write(() => acuity.createAppointment(appointment)),
    reschedule: (id, to) => write(() => acuity.reschedule(id, to)),
    cancel: (id, options) => write(() => acuity.cancel(id, options)),
  };
}
