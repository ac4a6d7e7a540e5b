// The practice that the simulator plays: whose calendars there are, when they are open, and what can be booked.
// Account zone, calendar zones and the zones of clients all differ; Sydney's and Adelaide's daylight-saving time ends
// on 2027-04-04 and Auckland's too, within the days that can be booked ahead.

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
  /** The video integration makes a meeting link for these. */
  isVideo: boolean;
}

export interface FormField {
  id: number;
  name: string;
  required: boolean;
  type: 'textbox' | 'textarea';
}

export const account = {
  id: 11100001,
  email: 'owner@clinic.example',
  name: 'Southern Medico-Legal Rooms',
  timezone: 'Australia/Brisbane',
  /** Client mode: how far ahead one may book. */
  minHoursInAdvance: 24,
  maxDaysInAdvance: 200,
  /** Client mode: how late one may cancel or reschedule. */
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
  type(8001, 'Independent medical examination', 60, [7001, 7003, 7005, 7006, 7007]),
  type(8002, 'Telehealth examination', 45, [7005, 7006], true),
  type(8003, 'Psychiatric examination', 90, [7002]),
  type(8004, 'Psychiatric examination by telehealth', 60, [7002, 7004], true),
];

const field = (id: number, name: string): FormField => ({ id, name, required: false, type: 'textbox' });

export const forms = [
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
    ],
  },
];

export const labels = [
  { id: 1, name: 'Checked in', color: 'green' },
  { id: 2, name: 'Awaiting documents', color: 'yellow' },
];

export const findCalendar = (id: number): Calendar | undefined =>
  calendars.find((calendar) => calendar.id === id);
export const findType = (id: number): AppointmentType | undefined =>
  appointmentTypes.find((one) => one.id === id);
export const fieldsOfType = (typeId: number): FormField[] =>
  forms.filter((form) => form.appointmentTypeIDs.includes(typeId)).flatMap((form) => form.fields);
