// Answers to intake forms, as `fields: [{id, value}]` of POST and PUT /appointments (acuity.md, sections 3.3, 6.3, 9).
//
// Every value is one string (section 5.2):
//   textbox, textarea, address  the text
//   dropdown                    one of the options
//   checkboxlist                some of the options, separated by commas (official page of POST /appointments)
//   checkbox, yesno             `yes` or `no` (official page "Embeds and Dynamic Links": "Yes/No and Checkbox fields:
//                               field:3=yes&field:4=no"; captured appointments show the same two words)
//   file                        the address of the file; nothing is uploaded (official page of POST /appointments)
import { refuse } from './errors.ts';
import type { AppointmentType, FormField } from './fixture.ts';
import { fieldsOfType, formsOfType } from './intake-forms.ts';
import type { StoredAppointment } from './state.ts';
import { objectsIn, text } from './values.ts';
import type { World } from './world.ts';

type Answer = StoredAppointment['answers'][number];

/** The answers of a new appointment. Clients must answer every required field; staff (`admin`) need not. */
export function newAnswers(
  world: World,
  type: AppointmentType,
  given: unknown,
  { admin }: { admin: boolean },
): Answer[] {
  const answers = readAnswers(world, type, given, admin);
  const missing = admin
    ? undefined
    : clientFields(world, type).find(
        (field) =>
          field.required && !answers.some((one) => one.fieldID === field.id && isAnswered(field, one.value)),
      );
  if (missing) throw refuse('required_field', `The field "${missing.id}" is required.`);
  return answers;
}

/**
 * The answers of an appointment after a change. Fields that are not named keep their answers.
 * Whether the real PUT checks fields is not known; here a client cannot write what POST would refuse.
 */
export function changedAnswers(
  world: World,
  type: AppointmentType,
  { before, given }: { before: Answer[]; given: unknown },
  { admin }: { admin: boolean },
): Answer[] {
  const changed = readAnswers(world, type, given, admin);
  const cleared = admin
    ? undefined
    : clientFields(world, type).find(
        (field) =>
          field.required && changed.some((one) => one.fieldID === field.id && !isAnswered(field, one.value)),
      );
  if (cleared) throw refuse('required_field', `The field "${cleared.id}" is required.`);
  return [...before.filter(({ fieldID }) => !changed.some((one) => one.fieldID === fieldID)), ...changed];
}

/**
 * Staff skip the checks (official page of POST /appointments: admin "disables availability and attribute validations");
 * an answer to a field that is not on the appointment's forms is dropped.
 */
function readAnswers(world: World, type: AppointmentType, given: unknown, admin: boolean): Answer[] {
  const fields = admin ? fieldsOfType(world, type.id) : clientFields(world, type);
  return objectsIn(given).flatMap((answer) => {
    const field = fields.find(({ id }) => id === Number(answer.id));
    if (!field && admin) return [];
    if (!field)
      throw refuse('invalid_fields', `The field "${text(answer.id)}" does not exist on this appointment.`);
    const value = admin ? text(answer.value) : clientValue(field, answer.value);
    return [{ id: world.store.newId(), fieldID: field.id, value }];
  });
}

/** Whether clients may fill in internal forms is not known (section 14.7); here they may not. */
function clientFields(world: World, type: AppointmentType): FormField[] {
  return formsOfType(world, type.id)
    .filter(({ hidden }) => !hidden)
    .flatMap(({ fields }) => fields);
}

function clientValue(field: FormField, given: unknown): string {
  const value = text(given);
  const isText = given === undefined || given === null || given === value || typeof given === 'number';
  if (isText && value.trim() === '') return '';
  // The official list of errors has none for a value that does not fit; code and message are our choice, in the form
  // of the two that name a field.
  if (!isText || !isAllowed[field.type](value, field.options))
    throw refuse('invalid_fields', `The field "${field.id}" has an invalid value.`);
  return value;
}

const isYesOrNo = (value: string): boolean => value === 'yes' || value === 'no';

const isAllowed: Record<FormField['type'], (value: string, options: string[]) => boolean> = {
  textbox: () => true,
  textarea: () => true,
  address: () => true,
  dropdown: (value, options) => options.includes(value),
  checkboxlist: (value, options) => chosenOptions(value, options) !== null,
  checkbox: isYesOrNo,
  yesno: isYesOrNo,
  file: (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
};

/**
 * The options that `value` names, each once, separated by commas; null when it names anything else. An option can
 * contain commas.
 */
export function chosenOptions(value: string, options: string[]): string[] | null {
  const list = value.trim();
  for (const option of options) {
    if (list === option) return [option];
    if (!list.startsWith(`${option},`)) continue;
    const others = options.filter((other) => other !== option);
    const rest = chosenOptions(list.slice(option.length + 1), others);
    if (rest) return [option, ...rest];
  }
  return null;
}

/** A required checkbox must be ticked. */
function isAnswered({ type }: FormField, value: string): boolean {
  return type === 'checkbox' ? value === 'yes' : value !== '';
}
