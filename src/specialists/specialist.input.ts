// What admins type of a specialist: each field once, with its label, its hint and its rule, in the order of the form.
import { z } from 'zod';
import type { FieldSchemas } from '../lib/typed-edit.ts';
import { blankAsNull, typedBox, typedLine, typedProse, typedWhole } from '../lib/typed-input.ts';
import type { WantedServices } from './specialist.services.ts';
import { typeWords } from './specialist.ts';

export interface SpecialistEdit {
  name: string;
  title: string | null;
  specialty: string;
  location: string | null;
  qualifications: string | null;
  /** Separated by commas. */
  languages: string | null;
  /** One a line. */
  examines: string | null;
  /** Until the report; shown until enough reports tell. */
  reportDays: number | null;
  position: number;
  isActive: boolean;
}

const tooLong = (longest: number) => `Use at most ${longest.toLocaleString('en-AU')} characters`;
const needed = (missing: string) => typedLine(missing).min(2, missing).max(120, tooLong(120));
const optional = (text: ReturnType<typeof typedLine>, longest: number) =>
  text.max(longest, tooLong(longest)).transform((value) => value || null);

export const specialistFields = z.object({
  name: needed('Enter a name').meta({ label: 'Name' }),
  title: optional(typedLine(), 40).meta({ label: 'Title (optional)' }),
  specialty: needed('Enter a specialty').meta({ label: 'Specialty' }),
  location: optional(typedLine(), 300).meta({
    label: 'Place (empty: telehealth only)',
    hint: 'When the calendar in Acuity has a location, that one is used: change it there.',
  }),
  qualifications: optional(typedLine(), 300).meta({ label: 'Qualifications' }),
  languages: optional(typedLine(), 200).meta({
    label: 'Languages',
    hint: 'Separated by commas: English, Arabic',
  }),
  examines: optional(typedProse(), 2_000).meta({
    label: 'What they examine',
    type: 'textarea',
    hint: 'One kind of injury or question a line.',
  }),
  reportDays: blankAsNull(typedWhole('Enter 1 to 365 days, or nothing', 1, 365)).meta({
    label: 'Days until the report',
    type: 'text',
    hint: 'From the examination to the report. Shown until five reports of the last year tell it.',
  }),
  position: typedWhole('Enter a whole number', 0, 10_000, 'Enter at most 10,000').meta({
    label: 'Position in lists',
    hint: 'The lowest comes first. Those with the same position are listed by name.',
  }),
  isActive: typedBox('Choose whether the specialist takes new bookings').meta({
    label: 'Takes new bookings',
  }),
} satisfies FieldSchemas<SpecialistEdit>);

const appointmentType = (type: keyof WantedServices) =>
  blankAsNull(typedWhole('Choose one')).meta({
    label: `${typeWords[type]}: appointment type in Acuity`,
    type: 'select',
  });

export const serviceFields = z.object({
  in_person: appointmentType('in_person'),
  telehealth: appointmentType('telehealth'),
} satisfies FieldSchemas<WantedServices>);

/** What the form of a new specialist begins with. */
export const newSpecialist: SpecialistEdit = {
  name: '',
  title: null,
  specialty: '',
  location: null,
  qualifications: null,
  languages: null,
  examines: null,
  reportDays: null,
  position: 100,
  isActive: true,
};

/** The profile and the services may follow later. */
export const addedFields = z
  .object({ calendarId: typedWhole('Choose a calendar') })
  .extend(
    specialistFields.partial({ qualifications: true, languages: true, examines: true, reportDays: true })
      .shape,
  )
  .extend(serviceFields.partial().shape);
