// Shows and saves which of Acuity's questions is which of our details.
import { isDeepStrictEqual } from 'node:util';
import { auditActor, mayAdminister, type Actor } from '../accounts/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Database } from '../db/knex.ts';
import { violatedConstraint } from '../db/transaction.ts';
import { failure, invalidField, ok, type Result } from '../lib/result.ts';
import type { SpecialistRepository } from '../specialists/index.ts';
import type { KnownForms } from './form.reads.ts';
import {
  lockMappings,
  readMapping,
  savedMappings,
  writeMapping,
  type SavedMapping,
} from './mapping.repository.ts';
import {
  isMappable,
  lackingServices,
  seenFields,
  servicesOf,
  type MappingSettings,
  type MappingView,
  type SeenField,
} from './mapping.ts';
import { checkChoices, type ChoiceError } from './mapping.choices.ts';
import { wholeWith, type MappingChoices, type OneChoice } from './mapping.one.ts';
import { buildMapping, effectiveMapping, tokenOf, versionIn } from './mapping.view.ts';
import type { Questions } from './question.service.ts';

export type MappingFailure =
  | { reason: 'forbidden' }
  | { reason: 'never_read' }
  | { reason: 'invalid'; errors: ChoiceError[] }
  /** Somebody else saved since the page was shown. `by` null: changed directly in the database. */
  | {
      reason: 'stale';
      by: string | null;
      changed: { label: string; from: number | null; to: number | null }[];
    }
  /** Acuity's questions were read again since, and differ from those shown. */
  | { reason: 'questions_changed' };

/** What needs an admin's attention; zero when there is nothing to do. */
export interface MappingAttention {
  /** Details whose question is gone, or takes no text any more. */
  lost: number;
  /** Required questions that are new since the mapping was saved. */
  newRequired: number;
  /** Examinations whose appointment type does not have our reference. */
  withoutReference: number;
}

export interface Mapping {
  read(): Promise<MappingView>;
  /** With the questions that were read last; Acuity is not called. */
  last(): Promise<MappingView>;
  /** Reads Acuity now. */
  readAgain(): Promise<MappingView>;
  save(actor: Actor, given: MappingChoices): Promise<Result<null, MappingFailure>>;
  /** Saves the question of one detail; the others keep theirs. An error has the path `question`. */
  saveOne(actor: Actor, given: OneChoice): Promise<Result<null, MappingFailure>>;
  /** Uses what was read last; Acuity is not called. */
  attention(): Promise<MappingAttention>;
}

export interface MappingDeps extends MappingSettings {
  db: Database;
  audit: AuditLog;
  questions: Questions;
  specialists: Pick<SpecialistRepository, 'listActive'>;
}

export function createMapping(deps: MappingDeps): Mapping {
  const viewOf = async (known: KnownForms | null): Promise<MappingView> => {
    const [last] = await savedMappings(deps.db, 0, 1);
    return buildMapping(deps, {
      known,
      last: last ?? null,
      mapping: await readMapping(deps.db),
      services: servicesOf(await deps.specialists.listActive()),
    });
  };
  const last = async () => viewOf(await deps.questions.lastForms());
  return {
    read: async () => viewOf(await deps.questions.forms()),
    last,
    readAgain: async () => viewOf(await deps.questions.readAgain()),
    save: (actor, given) => save(deps, actor, given),
    async saveOne(actor, given) {
      const whole = wholeWith(await last(), given);
      if (!whole.ok) return whole;
      const saved = await save(deps, actor, whole.value);
      if (saved.ok || saved.reason !== 'invalid') return saved;
      return invalidField('question', saved.errors[0]?.message ?? 'Choose another question');
    },
    attention: () => attention(deps),
  };
}

async function save(
  deps: MappingDeps,
  actor: Actor,
  { token, choices, confirms }: MappingChoices,
): Promise<Result<null, MappingFailure>> {
  if (!mayAdminister(actor.viewer)) return failure({ reason: 'forbidden' });
  const known = await deps.questions.lastForms();
  if (!known) return failure({ reason: 'never_read' });
  const fields = seenFields(known.forms);
  try {
    return await deps.db.transaction(async (trx): Promise<Result<null, MappingFailure>> => {
      await lockMappings(trx);
      const [last] = await savedMappings(trx, 0, 1);
      const before = await readMapping(trx);
      const current = tokenOf(last?.version ?? 0, before, fields);
      if (!current.hasMapping(token))
        return failure(staleness(deps, await savedMappings(trx, versionIn(token))));
      if (!current.hasFields(token)) return failure({ reason: 'questions_changed' });
      const checked = checkChoices(deps, fields, before, choices);
      if (!checked.ok) return checked;
      const after = checked.value;
      const changed = changesBetween(before, after);
      // Before the first save nothing counts as changed.
      const seen = confirms ? seenAfter(last?.seen ?? fields, fields, confirms) : fields;
      if (last && Object.keys(changed).length === 0 && isSame(last.seen, seen)) return ok(null);
      const version = (last?.version ?? 0) + 1;
      await writeMapping(trx, { version, after, seen, savedById: actor.viewer.userId });
      await deps.audit.record(trx, auditActor(actor), {
        action: 'record.changed',
        resourceType: 'intake_mapping',
        resourceId: String(version),
        metadata: { changed, questions: fields.length },
      });
      return ok(null);
    });
  } catch (error) {
    // The rows were changed directly in the database between the check and the write.
    if (violatedConstraint(error)?.startsWith('intake_fields_')) return failure(staleness(deps, []));
    throw error;
  }
}

/** The questions as they were looked at; those that are confirmed as they are now. */
function seenAfter(
  before: readonly SeenField[],
  now: readonly SeenField[],
  confirms: ReadonlySet<number>,
): SeenField[] {
  return [...before.filter(({ id }) => !confirms.has(id)), ...now.filter(({ id }) => confirms.has(id))];
}

type Changes = Record<string, { from: number | null; to: number | null }>;

function changesBetween(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Changes {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return Object.fromEntries(
    names
      .filter((name) => before.get(name) !== after.get(name))
      .map((name) => [name, { from: before.get(name) ?? null, to: after.get(name) ?? null }]),
  );
}

/** @param since saves made after the page was shown, newest first */
function staleness({ details }: MappingDeps, since: SavedMapping[]): MappingFailure {
  const [latest, first] = [since[0], since.at(-1)];
  const changes =
    latest && first
      ? changesBetween(new Map(Object.entries(first.before)), new Map(Object.entries(latest.after)))
      : {};
  const labels = new Map(details().map(({ name, label }) => [name, label]));
  return {
    reason: 'stale',
    by: latest?.savedBy ?? null,
    changed: Object.entries(changes).map(([name, change]) => ({
      label: labels.get(name) ?? name,
      ...change,
    })),
  };
}

/** In whatever order: the database keeps what was looked at first, and Acuity's order may change. */
function isSame(some: readonly SeenField[], others: readonly SeenField[]): boolean {
  const byId = (fields: readonly SeenField[]) => [...fields].sort((a, b) => a.id - b.id);
  return isDeepStrictEqual(byId(some), byId(others));
}

async function attention(deps: MappingDeps): Promise<MappingAttention> {
  const known = await deps.questions.lastForms();
  const services = servicesOf(await deps.specialists.listActive());
  const { mapping } = effectiveMapping(deps, await readMapping(deps.db));
  const reference = mapping.get('reference') ?? null;
  // Nothing is known about questions that were never read.
  if (!known) return { lost: 0, newRequired: 0, withoutReference: reference === null ? services.length : 0 };
  const [last] = await savedMappings(deps.db, 0, 1);
  const fields = seenFields(known.forms);
  const seen = last && new Set(last.seen.map(({ id }) => id));
  const mapped = new Set(mapping.values());
  return {
    lost: [...mapped].filter((id) => !fields.some((field) => field.id === id && isMappable(field))).length,
    newRequired: fields.filter(
      ({ id, required, isInternal }) => seen && !seen.has(id) && required && !isInternal && !mapped.has(id),
    ).length,
    withoutReference: lackingServices(known.forms, services, reference).length,
  };
}
