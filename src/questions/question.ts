// The questions that Acuity's intake forms ask for an appointment type, beyond the details that we fill in.
import type { AcuityField, AcuityForm } from '../ports/acuity.ts';

export const questionTypes = [
  'text',
  'textarea',
  'dropdown',
  'checkbox',
  'checkboxlist',
  'yesno',
  'address',
  'file',
] as const;
export type QuestionType = (typeof questionTypes)[number];

export interface Question {
  fieldId: number;
  label: string;
  type: QuestionType;
  required: boolean;
  /** The choices of a `dropdown` or `checkboxlist`; empty for other types. */
  options: string[];
}

export interface QuestionForm {
  id: number;
  name: string;
  description: string | null;
  questions: Question[];
}

/**
 * The forms of this appointment type with their questions, both in Acuity's order. Leaves out fields of our own details
 * (`ours`), fields that an earlier form has already, forms without questions, and internal forms, which staff of the
 * clinic fill in.
 */
export function questionForms(
  forms: readonly AcuityForm[],
  appointmentTypeId: number,
  ours: ReadonlySet<number>,
): QuestionForm[] {
  const seen = new Set(ours);
  return formsOf(forms, appointmentTypeId)
    .filter((form) => !form.isInternal)
    .map((form) => {
      const questions: Question[] = [];
      for (const field of form.fields) {
        if (seen.has(field.id)) continue;
        seen.add(field.id);
        questions.push(questionOf(field));
      }
      return { id: form.id, name: form.name, description: form.description, questions };
    })
    .filter((form) => form.questions.length > 0);
}

/** Every field that Acuity accepts an answer to for this appointment type; others are refused with `invalid_fields`. */
export function fieldsOf(forms: readonly AcuityForm[], appointmentTypeId: number): AcuityField[] {
  return formsOf(forms, appointmentTypeId).flatMap((form) => form.fields);
}

/** The fields that Acuity requires from whoever books. */
export function requiredFields(forms: readonly AcuityForm[], appointmentTypeId: number): Set<number> {
  const asked = formsOf(forms, appointmentTypeId).filter((form) => !form.isInternal);
  return new Set(asked.flatMap((form) => form.fields.filter(({ required }) => required).map(({ id }) => id)));
}

function formsOf(forms: readonly AcuityForm[], appointmentTypeId: number): AcuityForm[] {
  return forms.filter((form) => form.appointmentTypeIds.includes(appointmentTypeId));
}

function questionOf(field: AcuityField): Question {
  const type = field.type === 'textbox' ? 'text' : field.type;
  // A list without options can only be answered as text.
  const hasOptions = (type === 'dropdown' || type === 'checkboxlist') && field.options.length > 0;
  return {
    fieldId: field.id,
    label: field.name || `Question ${field.id}`,
    type: hasOptions || (type !== 'dropdown' && type !== 'checkboxlist') ? type : 'text',
    required: field.required,
    options: hasOptions ? [...new Set(field.options)] : [],
  };
}
