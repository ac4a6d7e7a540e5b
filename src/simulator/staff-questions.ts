// The questions of the intake forms on the staff pages. Staff may leave all of them unanswered.
import { chosenOptions } from './answers.ts';
import type { FormField } from './fixture.ts';
import { html, type Html } from './html.ts';
import { fieldsOfType, formsOfType } from './intake-forms.ts';
import type { World } from './world.ts';

/** `answers`: by field id. */
export function questionsOfType(world: World, typeId: number, answers: ReadonlyMap<number, string>): Html {
  return html`${formsOfType(world, typeId).map(
    (form) =>
      html`<h2>${form.name}</h2>${form.description && html`<p>${form.description}</p>`}${form.fields.map(
        (field) => question(field, answers.get(field.id) ?? ''),
      )}`,
  )}`;
}

/** The submitted answers to the questions that were shown. Lists are one text already (`submittedFields`). */
export function submittedAnswers(
  world: World,
  typeId: number,
  typed: Record<string, string>,
): { id: number; value: string }[] {
  return fieldsOfType(world, typeId).flatMap(({ id, type }) => {
    const value = typed[`field-${id}`];
    if (value === undefined) return [];
    return [{ id, value: type === 'checkbox' && value === '' ? 'no' : value }];
  });
}

interface Question {
  name: string;
  label: Html;
  options: string[];
  answer: string;
}

function question({ id, name, required, type, options }: FormField, answer: string): Html {
  const label = html`${name}${required && html` <span class="hint">(clients must answer)</span>`}`;
  return controls[type]({ name: `field-${id}`, label, options, answer });
}

const labelled = ({ name, label }: Question, control: Html): Html =>
  html`<label for="${name}">${label}</label>${control}`;

const input = (asked: Question): Html =>
  labelled(asked, html`<input id="${asked.name}" name="${asked.name}" value="${asked.answer}">`);

const controls: Record<FormField['type'], (asked: Question) => Html> = {
  textbox: input,
  address: input,
  file: input,
  textarea: (asked) =>
    labelled(
      asked,
      html`<textarea id="${asked.name}" name="${asked.name}" rows="3">${asked.answer}</textarea>`,
    ),
  dropdown: (asked) =>
    labelled(
      asked,
      html`<select id="${asked.name}" name="${asked.name}"><option value="">Choose</option>${asked.options.map(
        (option) => html`<option${option === asked.answer && html` selected`}>${option}</option>`,
      )}</select>`,
    ),
  checkbox: ({ name, label, answer }) =>
    html`${markShown(name)}<label class="check">${checkbox(name, 'yes', answer === 'yes')} ${label}</label>`,
  checkboxlist({ name, label, options, answer }) {
    const chosen = chosenOptions(answer, options) ?? [];
    return html`${markShown(name)}<fieldset><legend>${label}</legend>${options.map(
      (option) =>
        html`<label class="check">${checkbox(name, option, chosen.includes(option))} ${option}</label>`,
    )}</fieldset>`;
  },
  yesno: ({ name, label, answer }) =>
    html`<fieldset><legend>${label}</legend>${['yes', 'no'].map(
      (value) =>
        html`<label class="check"><input type="radio" name="${name}" value="${value}"${answer === value && html` checked`}> ${value === 'yes' ? 'Yes' : 'No'}</label>`,
    )}</fieldset>`,
};

/** Browsers send nothing for unticked boxes; this hidden input tells that the question was shown. */
const markShown = (name: string): Html => html`<input type="hidden" name="${name}" value="">`;

const checkbox = (name: string, value: string, isTicked: boolean): Html =>
  html`<input type="checkbox" name="${name}" value="${value}"${isTicked && html` checked`}>`;
