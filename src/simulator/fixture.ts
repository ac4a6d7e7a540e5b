// The simulated practice: its calendars, opening hours and appointment types. Account zone, calendar zones and the
// zones of clients all differ. Daylight-saving time in Sydney, Adelaide and Auckland ends on 2027-04-04, within the
// days that can be booked ahead.

export interface Calendar {
  id: number;
  name: string;
  email: string;
  location: string;
  timezone: string;
  /** Opening hours by ISO weekday (1 = Monday), as wall-clock `HH:MM` in the calendar's zone. */
  hours: Partial<Record<number, [from: string, to: string][]>>;
}

export interface AppointmentType {
  id: number;
  name: string;
  description: string;
  duration: number;
  price: string;
  category: string;
  color: string;
  paddingAfter: number;
  paddingBefore: number;
  calendarIDs: number[];
  /** The video integration makes a meeting link for appointments of this type. */
  isVideo: boolean;
}

/** acuity.md, section 6.12. */
export const fieldTypes = [
  'textbox',
  'textarea',
  'dropdown',
  'checkbox',
  'checkboxlist',
  'yesno',
  'file',
  'address',
] as const;

export interface FormField {
  id: number;
  name: string;
  required: boolean;
  type: (typeof fieldTypes)[number];
  /** The choices of a dropdown or a checkbox list; empty for the other types. */
  options: string[];
}

export interface IntakeForm {
  id: number;
  name: string;
  description: string;
  /** An internal form: staff fill it in, and clients never see it. */
  hidden: boolean;
  appointmentTypeIDs: number[];
  fields: FormField[];
}

export const account = {
  id: 11100001,
  email: 'owner@clinic.example',
  name: 'Southern Medico-Legal Rooms',
  timezone: 'Australia/Brisbane',
  /** Client mode: how far ahead a client can book. */
  minHoursInAdvance: 24,
  maxDaysInAdvance: 200,
  /** Client mode: how late a client can cancel or reschedule. */
  changeCutoffHours: 2,
} as const;

const weekdays = (...hours: [string, string][]): Calendar['hours'] => ({
  1: hours,
  2: hours,
  3: hours,
  4: hours,
  5: hours,
});

export const calendars: Calendar[] = [
  {
    id: 7001,
    name: 'Dr Amelia Hart',
    email: 'hart@clinic.example',
    location: 'Level 8, 210 George Street, Sydney NSW 2000',
    timezone: 'Australia/Sydney',
    hours: weekdays(['09:00', '12:30'], ['13:30', '17:00']),
  },
  {
    id: 7002,
    name: 'Dr Bruno Keller',
    email: 'keller@clinic.example',
    location: 'Suite 3, 55 Macquarie Street, Parramatta NSW 2150',
    timezone: 'Australia/Sydney',
    hours: weekdays(['10:00', '16:00']),
  },
  {
    id: 7003,
    name: 'Dr Chen Wei',
    email: 'wei@clinic.example',
    location: '12 St Georges Terrace, Perth WA 6000',
    timezone: 'Australia/Perth',
    hours: {
      1: [['08:00', '12:00']],
      2: [['08:00', '16:00']],
      4: [['08:00', '16:00']],
      5: [['08:00', '12:00']],
    },
  },
  {
    id: 7004,
    name: 'Dr Dalia Osman',
    email: 'osman@clinic.example',
    location: '',
    timezone: 'Australia/Perth',
    hours: weekdays(['09:00', '15:00']),
  },
  {
    id: 7005,
    name: 'Dr Erik Lund',
    email: 'lund@clinic.example',
    location: '101 Grenfell Street, Adelaide SA 5000',
    timezone: 'Australia/Adelaide',
    hours: weekdays(['09:30', '16:30']),
  },
  {
    id: 7006,
    name: 'Dr Farah Nasser',
    email: 'nasser@clinic.example',
    location: '85 Fort Street, Auckland 1010',
    timezone: 'Pacific/Auckland',
    hours: { 1: [['09:00', '17:00']], 3: [['09:00', '17:00']], 5: [['09:00', '13:00']] },
  },
  {
    id: 7007,
    name: 'Dr Gil Moreau',
    email: 'moreau@clinic.example',
    location: 'Level 2, 9 Hunter Street, Sydney NSW 2000',
    timezone: 'Australia/Sydney',
    hours: { 2: [['09:00', '17:00']], 4: [['09:00', '17:00']] },
  },
  {
    id: 7008,
    name: 'Dr Hugo Iversen',
    email: 'iversen@clinic.example',
    location: 'Level 5, 470 Collins Street, Melbourne VIC 3000',
    timezone: 'Australia/Melbourne',
    hours: { 1: [['09:00', '15:00']], 3: [['09:00', '15:00']], 5: [['09:00', '13:00']] },
  },
  {
    id: 7021,
    name: 'Dr Luca Rossi',
    email: 'rossi@clinic.example',
    location: 'Suite 12, 4 Park Street, Sydney NSW 2000',
    timezone: 'Australia/Sydney',
    hours: weekdays(['08:30', '12:30']),
  },
  {
    id: 7022,
    name: 'Dr Ngozi Okafor',
    email: 'okafor@clinic.example',
    location: 'Level 3, 77 York Street, Sydney NSW 2000',
    timezone: 'Australia/Sydney',
    hours: { 1: [['12:00', '17:30']], 2: [['09:30', '17:00']], 3: [['09:30', '17:00']] },
  },
];

const type = (
  id: number,
  name: string,
  duration: number,
  calendarIDs: number[],
  isVideo = false,
): AppointmentType => ({
  id,
  name,
  description: '',
  duration,
  price: '0.00',
  category: isVideo ? 'Telehealth' : 'In person',
  color: isVideo ? '#3177B0' : '#ED7087',
  paddingAfter: isVideo ? 0 : 10,
  paddingBefore: 0,
  calendarIDs,
  isVideo,
});

export const appointmentTypes: AppointmentType[] = [
  type(8001, 'Independent medical examination', 60, [7001, 7003, 7005, 7006, 7007, 7021, 7022]),
  type(8002, 'Telehealth examination', 45, [7005, 7006], true),
  type(8003, 'Psychiatric examination', 90, [7002]),
  type(8004, 'Psychiatric examination by telehealth', 60, [7002, 7004], true),
  // The only type with a second form (571); the telehealth type of the same specialist has no more questions.
  type(8005, 'Neuropsychological assessment', 110, [7008]),
  type(8006, 'Neuropsychological interview by telehealth', 60, [7008], true),
];

const field = (id: number, name: string, change: Partial<FormField> = {}): FormField => ({
  id,
  name,
  required: false,
  type: 'textbox',
  options: [],
  ...change,
});
const required = true;

/** The practice's own forms; tests add more (intake-forms.ts). */
export const fixtureForms: IntakeForm[] = [
  {
    id: 501,
    name: 'Examination details',
    description: '',
    hidden: false,
    appointmentTypeIDs: appointmentTypes.map(({ id }) => id),
    fields: [
      field(9101, 'Booking reference'),
      field(9102, 'Examinee first name'),
      field(9103, 'Examinee last name'),
      field(9104, 'Examinee phone'),
      field(9105, 'Examinee e-mail'),
      field(9106, 'Examinee date of birth'),
      field(9107, 'Claim number'),
      field(9108, 'Organisation'),
      field(9109, 'Interpreter language (empty: none needed)'),
    ],
  },
  {
    id: 571,
    name: 'Before the assessment',
    description: 'Dr Iversen prepares the tests from these answers. The assessment takes about two hours.',
    hidden: false,
    appointmentTypeIDs: [8005],
    fields: [
      field(9571, 'Your file reference', { required }),
      field(9572, 'Questions for the report', { type: 'textarea' }),
      field(9573, 'Kind of claim', {
        type: 'dropdown',
        required,
        options: ['Motor accident', 'Work injury', 'Public liability', 'Medical negligence'],
      }),
      field(9574, 'The examinee knows that the assessment takes about two hours', {
        type: 'checkbox',
        required,
      }),
      field(9575, 'Records that you will send', {
        type: 'checkboxlist',
        required,
        options: ['Hospital records', 'Imaging', 'Earlier reports', 'School or employment records'],
      }),
      field(9576, 'Does the examinee use glasses or a hearing aid?', { type: 'yesno', required }),
      field(9577, 'Address for the travel voucher', { type: 'address' }),
      field(9578, 'Link to the letter of instruction', { type: 'file' }),
    ],
  },
];

export const findCalendar = (id: number): Calendar | undefined =>
  calendars.find((calendar) => calendar.id === id);
export const findType = (id: number): AppointmentType | undefined =>
  appointmentTypes.find((one) => one.id === id);
