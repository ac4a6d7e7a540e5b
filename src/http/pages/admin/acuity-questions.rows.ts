// The rows of the page of Acuity's questions: forms, questions and details. Pure.
import {
  costsOfNoReference,
  type MappingDetail,
  type MappingField,
  type MappingForm,
  type MappingView,
  type ServiceName,
} from '../../../questions/index.ts';
import { typeWords } from '../../view-helpers.ts';

/** Field id → unsaved choice. */
export type Choices = ReadonlyMap<number, string>;

export interface Tag {
  words: string;
  tone: 'brand' | 'warn' | 'danger' | 'info' | null;
}

export interface QuestionRow {
  /** The name of its select. */
  path: string;
  name: string;
  tags: Tag[];
  notes: string[];
  /** Null: nothing can be chosen. */
  options: { value: string; words: string; isSelected: boolean }[] | null;
  /** The choice is a suggestion, not saved yet. */
  isPreselected: boolean;
  /** Shown when nothing can be chosen. */
  fixed: string;
}

export interface FormSection {
  id: number;
  name: string;
  isInternal: boolean;
  /** The examinations that use the form. */
  reach: string;
  rows: QuestionRow[];
}

export interface DetailRow {
  label: string;
  question: string | null;
  isGone: boolean;
  /** The examinations without the question; null: none. */
  lacking: string | null;
}

/** Examinations without a question for our reference. */
export interface ReferenceGap {
  /** No question is mapped to the reference. */
  isEverywhere: boolean;
  lacking: string;
  costs: readonly string[];
  /** The question that looks suitable. */
  suggestion: string | null;
}

const typeOf: Record<MappingField['type'], string> = {
  textbox: 'Text',
  textarea: 'Long text',
  dropdown: 'List',
  checkbox: 'Tick box',
  checkboxlist: 'Tick boxes',
  yesno: 'Yes or no',
  address: 'Address',
  file: 'File',
};

export function formSections(view: MappingView, choices: Choices | null): FormSection[] {
  return (view.forms ?? [])
    .filter(({ fields }) => fields.length > 0)
    .map((form) => ({
      id: form.id,
      name: form.name || `Form ${form.id}`,
      isInternal: form.isInternal,
      reach: reachOf(form),
      rows: form.fields.map((field) => rowOf(field, view, choices)),
    }));
}

function reachOf({ services, hasAllServices }: MappingForm): string {
  if (services.length === 0) return 'For no examination of your active specialists.';
  return hasAllServices ? 'For every examination.' : `For: ${listOf(services)}.`;
}

function rowOf(field: MappingField, view: MappingView, choices: Choices | null): QuestionRow {
  const label = (name: string | null) => view.details.find((detail) => detail.name === name)?.label ?? '';
  // Suggestions are chosen in advance until somebody has confirmed the mapping. Later they are only named.
  const preselected = view.saved === null && field.detail === null ? field.suggestion : null;
  const chosen = choices?.get(field.id) ?? field.detail ?? preselected ?? '';
  const hasChoice = field.fixedBy === null && (field.isMappable || field.detail !== null);
  const isPreselected = hasChoice && preselected !== null && chosen === preselected;
  return {
    path: `field-${field.id}`,
    name: field.name || `Question ${field.id}`,
    tags: tagsOf(field, isPreselected),
    notes: [
      ...changeNotes(field),
      ...(choices && chosen !== (field.detail ?? '') && field.detail
        ? [`Saved: ${label(field.detail)}`]
        : []),
      ...(field.suggestion && !isPreselected && chosen !== field.suggestion
        ? [`Looks like: ${label(field.suggestion)}`]
        : []),
      ...(field.detail && !field.isMappable && !field.fixedBy
        ? [`Cannot take ${label(field.detail)}: it is no text question any more`]
        : []),
    ],
    options: hasChoice ? optionsFor(field, view, chosen) : null,
    isPreselected,
    fixed: fixedWords(field, label),
  };
}

function fixedWords(field: MappingField, label: (name: string | null) => string): string {
  if (field.fixedBy === 'REFERRER_FIELD_ID')
    return 'The referrer’s e-mail address (set by REFERRER_FIELD_ID)';
  if (field.fixedBy) return `${label(field.detail)} (set by ${field.fixedBy})`;
  return unmapped(field);
}

const unmapped = ({ isInternal }: Pick<MappingField, 'isInternal'>): string =>
  isInternal ? 'Not used' : 'Ask the referrer';

function optionsFor(
  field: MappingField,
  { details, forms }: MappingView,
  chosen: string,
): NonNullable<QuestionRow['options']> {
  const fixed = (forms ?? []).flatMap(({ fields }) => fields).filter(({ fixedBy }) => fixedBy !== null);
  const offered = field.isMappable
    ? details.filter(({ name }) => !fixed.some(({ detail }) => detail === name))
    : details.filter(({ name }) => name === field.detail);
  return [
    { value: '', words: unmapped(field), isSelected: chosen === '' },
    ...offered.map(({ name, label }) => ({ value: name, words: label, isSelected: chosen === name })),
  ];
}

function tagsOf(field: MappingField, isPreselected: boolean): Tag[] {
  const tags: Tag[] = [];
  if (field.change) tags.push({ words: field.change.kind === 'new' ? 'New' : 'Changed', tone: 'warn' });
  if (isPreselected) tags.push({ words: 'Suggested', tone: 'info' });
  if (field.required) tags.push({ words: 'Required', tone: 'brand' });
  tags.push({ words: typeOf[field.type], tone: null });
  return tags;
}

function changeNotes({ change }: MappingField): string[] {
  if (change?.kind !== 'changed') return [];
  const { name, type, required, isInternal } = change.was;
  return [
    ...(name === undefined ? [] : [`Was called “${name}”`]),
    ...(type === undefined ? [] : [`Was: ${typeOf[type]}`]),
    ...(required === undefined ? [] : [required ? 'Was required' : 'Was not required']),
    ...(isInternal === undefined
      ? []
      : [isInternal ? 'Was on an internal form' : 'Was on a form for clients']),
  ];
}

/** Questions that Acuity no longer has. They can keep their detail, in case they come back. */
export function removedRows({ removed, details }: MappingView, choices: Choices | null): QuestionRow[] {
  return removed.map(({ id, name, form, detail, fixedBy }) => {
    const label = details.find((one) => one.name === detail)?.label ?? detail ?? '';
    const chosen = choices?.get(id) ?? '';
    return {
      path: `field-${id}`,
      name: name || `Question ${id}`,
      tags: [{ words: 'Removed', tone: 'danger' }],
      notes: [...(form ? [`Form: ${form}`] : []), ...(detail ? [`Held: ${label}`] : [])],
      options:
        detail && !fixedBy
          ? [
              { value: '', words: 'No longer used', isSelected: chosen !== detail },
              { value: detail, words: label, isSelected: chosen === detail },
            ]
          : null,
      isPreselected: false,
      fixed: fixedBy ? `${label} (set by ${fixedBy})` : '',
    };
  });
}

export function detailRows(view: MappingView): DetailRow[] {
  const fields = [...(view.forms ?? []).flatMap((form) => form.fields), ...view.removed];
  const gone = new Set(view.removed.map(({ id }) => id));
  return view.details.map(({ label, fieldId, lacking }) => {
    const field = fields.find(({ id }) => id === fieldId);
    return {
      label,
      question: fieldId === null ? null : field?.name || `Question ${fieldId}`,
      isGone: fieldId !== null && gone.has(fieldId),
      lacking:
        fieldId === null || gone.has(fieldId) || lacking.length === 0 ? null : lackingWords(view, lacking),
    };
  });
}

export function referenceGap(view: MappingView): ReferenceGap | null {
  const reference = view.details.find(({ name }) => name === 'reference');
  if (!reference || reference.lacking.length === 0 || view.forms === null) return null;
  return {
    isEverywhere: reference.fieldId === null,
    lacking: lackingWords(view, reference.lacking),
    costs: costsOfNoReference,
    suggestion:
      view.forms.flatMap(({ fields }) => fields).find((field) => field.suggestion === 'reference')?.name ??
      null,
  };
}

function lackingWords({ serviceCount }: MappingView, lacking: MappingDetail['lacking']): string {
  return lacking.length === serviceCount ? 'every examination' : listOf(lacking);
}

/** By specialist: "Dr Erik Lund (in person, telehealth)". */
function listOf(services: readonly ServiceName[]): string {
  const types = new Map<string, string[]>();
  for (const { specialist, type } of services)
    types.set(specialist, [...(types.get(specialist) ?? []), typeWords[type].toLowerCase()]);
  return [...types].map(([specialist, names]) => `${specialist} (${names.join(', ')})`).join('; ');
}
