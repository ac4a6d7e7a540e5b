import type { Acuity, AcuityFailure, AcuityResult, Appointment } from '../../src/ports/acuity.ts';
import { failure } from '../../src/lib/result.ts';

type WriteFault =
  /** Carried out; the answer is lost. */
  | 'after'
  /** Lost on the way: Acuity never received it, and the caller cannot know. */
  | 'before'
  /** Carried out; the answer cannot be parsed. */
  | 'odd'
  | { fails: AcuityFailure }
  | { answers: (given: Appointment) => Appointment };

export interface FaultyAcuity extends Acuity {
  /** The faults of the next writes, one each, in this order. */
  failNext(...faults: WriteFault[]): void;
}

const outcomeUnknown: AcuityFailure = { reason: 'unavailable', notSent: false, retryAfterMs: 1_000 };

/** Wraps an Acuity so that its next writes fail in a chosen way. */
export function withFaults(acuity: Acuity): FaultyAcuity {
  const faults: WriteFault[] = [];
  async function write(work: () => Promise<AcuityResult<Appointment>>): Promise<AcuityResult<Appointment>> {
    const fault = faults.shift();
    if (fault === undefined) return work();
    if (fault === 'before') return failure(outcomeUnknown);
    if (typeof fault === 'object' && 'fails' in fault) return failure(fault.fails);
    const result = await work();
    if (fault === 'after') return failure(outcomeUnknown);
    if (fault === 'odd') return failure({ reason: 'unreadable' });
    return result.ok ? { ok: true, value: fault.answers(result.value) } : result;
  }
  return {
    ...acuity,
    failNext: (...more) => void faults.push(...more),
    createAppointment: (appointment) => write(() => acuity.createAppointment(appointment)),
    reschedule: (id, to) => write(() => acuity.reschedule(id, to)),
    cancel: (id, options) => write(() => acuity.cancel(id, options)),
  };
}
