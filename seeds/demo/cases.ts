// The demo's examinations: one table, from which the practice's appointments in the simulator and our bookings are both
// made. Days count from the day of the first start and move to a business day; `day: 0` stays, even on a weekend.
import type { PersonKey } from './people.ts';

export type Stage = 'planned' | 'cancelled' | 'no_show' | 'writing' | 'reported' | 'paid';

export type Paper = 'consent_form' | 'brief' | 'imaging' | 'dictation' | 'report_draft';

export interface DemoCase {
  examinee: readonly [firstName: string, lastName: string, dateOfBirth: string | null];
  interpreter?: string;
  claim: string | null;
  /** Who booked. `clinic`: the practice's staff in Acuity, with the referrer that Acuity names. */
  by:
    | PersonKey
    | { clinic: PersonKey | { firstName: string; lastName: string; email: string; firm: string } };
  /** An admin who booked while acting as the referrer. */
  acting?: 'ada';
  /** Calendar and appointment type in Acuity. */
  with: readonly [calendarId: number, typeId: number];
  day: number;
  /** Which of the day's times, from 0. */
  at?: number;
  booked: number;
  /** The day from which it was moved, and when that happened. */
  moved?: { from: number; on: number; by: 'referrer' | 'clinic' };
  stage: Stage;
  /** The day of the cancellation, of the released report, of the payment. */
  cancelled?: { on: number; by: 'referrer' | 'clinic' };
  reported?: number;
  paid?: number;
  papers?: readonly Paper[];
  /** Acuity has no phone number of the examinee. */
  lacksPhone?: true;
  /** The one difference from Acuity: the practice deleted the appointment, and staff must decide what that means. */
  deletedInAcuity?: true;
  /** The confirmation could not be delivered. */
  mailFailed?: true;
  notes?: string;
}

const hart = [7001, 8001] as const;
const keller = [7002, 8003] as const;
const kellerVideo = [7002, 8004] as const;
const wei = [7003, 8001] as const;
const osman = [7004, 8004] as const;
const lund = [7005, 8001] as const;
const lundVideo = [7005, 8002] as const;
const nasser = [7006, 8001] as const;
const moreau = [7007, 8001] as const;
const iversenVideo = [7008, 8006] as const;
const rossi = [7021, 8001] as const;
const okafor = [7022, 8001] as const;
const both: readonly Paper[] = ['consent_form', 'brief'];

// biome-ignore format: a table, one examination a line
export const cases: readonly DemoCase[] = [
  // Over and paid
  { examinee: ['Maria', 'Santos', '1979-03-14'], claim: 'HL-20318', by: 'rita', with: hart, day: -58, booked: -82, stage: 'paid', reported: -45, paid: -33, papers: both },
  { examinee: ['Owen', 'Griffiths', '1968-11-02'], claim: 'NC-77120', by: 'nadia', with: keller, day: -55, booked: -79, stage: 'paid', reported: -38, paid: -26, papers: both },
  { examinee: ['Tevita', 'Fonua', '1990-07-21'], claim: 'HL-20344', by: 'rob', with: hart, day: -51, at: 2, booked: -74, stage: 'paid', reported: -40, paid: -28, papers: ['consent_form', 'brief', 'imaging'] },
  { examinee: ['Grace', 'Whitaker', '1983-05-09'], claim: 'NC-77153', by: 'jonah', with: lund, day: -47, booked: -70, stage: 'paid', reported: -31, paid: -19, papers: both },
  { examinee: ['Hassan', 'Aziz', '1975-01-30'], interpreter: 'Arabic', claim: 'AL-5512', by: 'mei', with: hart, day: -41, at: 1, booked: -66, stage: 'paid', reported: -27, paid: -12, papers: both },
  // Report with the referrer
  { examinee: ['Lucy', 'Brennan', '1996-09-17'], claim: 'AL-5520', by: 'declan', with: wei, day: -37, booked: -60, stage: 'reported', reported: -24, papers: both },
  { examinee: ['Paul', 'Kowalski', '1961-12-05'], claim: 'HL-20371', by: 'rita', with: hart, day: -33, at: 3, booked: -58, stage: 'reported', reported: -20, papers: both },
  { examinee: ['Aroha', 'Ngata', '1987-04-25'], claim: 'NC-77188', by: 'nadia', with: osman, day: -30, booked: -51, stage: 'reported', reported: -17, papers: ['consent_form'] },
  { examinee: ['Simon', 'Leclair', '1972-08-11'], claim: 'AL-5534', by: 'isla', with: iversenVideo, day: -28, booked: -55, stage: 'reported', reported: -10, papers: both },
  { examinee: ['Denise', 'Oakley', '1958-02-19'], claim: 'NC-77201', by: 'jonah', with: keller, day: -26, at: 1, booked: -47, stage: 'reported', reported: -8, papers: both },
  { examinee: ['Jack', 'Thornbury', '2001-06-03'], claim: 'HL-20390', by: 'rob', with: hart, day: -24, booked: -45, stage: 'reported', reported: -9, papers: ['consent_form', 'brief', 'imaging'] },
  { examinee: ['Eleanor', 'Voss', '1985-10-28'], claim: 'HL-20402', by: 'rita', with: rossi, day: -22, booked: -43, stage: 'reported', reported: -1, papers: ['consent_form', 'brief', 'imaging'] },
  // Did not take place
  { examinee: ['Craig', 'Duffield', '1970-05-16'], claim: 'NC-77214', by: 'nadia', with: moreau, day: -20, booked: -41, stage: 'no_show', papers: ['consent_form'] },
  { examinee: ['Yuki', 'Hayashi', '1993-03-08'], interpreter: 'Japanese', claim: 'AL-5541', by: 'mei', with: nasser, day: -18, booked: -40, stage: 'cancelled', cancelled: { on: -23, by: 'referrer' } },
  // Report being written
  { examinee: ['Ben', 'Carmody', '1977-07-07'], claim: 'AL-5546', by: 'declan', with: okafor, day: -16, booked: -38, stage: 'writing', papers: ['consent_form', 'brief', 'report_draft'] },
  { examinee: ['Sunita', 'Rao', '1989-12-12'], claim: 'HL-20415', by: 'priya', with: keller, day: -13, booked: -34, stage: 'writing', papers: both },
  { examinee: ['Frank', 'Molloy', '1955-09-23'], claim: 'NC-77230', by: 'jonah', with: lund, day: -11, at: 2, booked: -33, stage: 'writing', papers: ['consent_form', 'brief', 'dictation'] },
  { examinee: ['Chloe', 'Anders', '1998-01-19'], claim: 'HL-20421', by: 'rita', with: hart, day: -9, at: 1, booked: -30, stage: 'writing', papers: ['consent_form', 'brief', 'dictation'] },
  { examinee: ['Viktor', 'Hrabal', '1964-06-14'], interpreter: 'Czech', claim: 'AL-5553', by: 'isla', with: wei, day: -8, booked: -36, moved: { from: -15, on: -19, by: 'referrer' }, stage: 'writing', papers: both },
  { examinee: ['Nora', 'Fitzgerald', '1981-11-27'], claim: 'NC-77246', by: 'nadia', with: rossi, day: -6, booked: -29, stage: 'writing', papers: both },
  { examinee: ['Daniel', 'Okoro', '1992-02-02'], claim: 'HL-20433', by: 'rob', with: hart, day: -3, booked: -27, stage: 'writing', papers: both },
  { examinee: ['Marta', 'Lindholm', '1974-08-30'], claim: 'NC-77251', by: 'jonah', with: osman, day: -2, at: 1, booked: -24, stage: 'writing', papers: ['consent_form'] },
  { examinee: ['Ahmed', 'Saleh', '1986-04-04'], claim: 'AL-5560', by: 'mei', with: okafor, day: -1, booked: -22, stage: 'planned', papers: both },
  // Today
  { examinee: ['Peter', 'Hallam', '1969-10-10'], claim: 'HL-20440', by: 'rita', with: hart, day: 0, at: 0, booked: -25, stage: 'planned', papers: both },
  { examinee: ['Kim', 'Sorensen', '1991-05-22'], claim: 'NC-77263', by: 'nadia', with: kellerVideo, day: 0, at: 1, booked: -20, stage: 'planned', papers: ['consent_form'] },
  { examinee: ['Rosa', 'Delgado', '1980-12-01'], interpreter: 'Spanish', claim: 'AL-5566', by: 'isla', with: okafor, day: 0, at: 2, booked: -21, stage: 'planned', papers: both },
  // Ahead
  { examinee: ['Liam', 'Prescott', '1995-07-15'], claim: 'HL-20452', by: 'rita', with: rossi, day: 1, at: 1, booked: -16, stage: 'planned', papers: ['consent_form'] },
  { examinee: ['Helen', 'Marsh', '1966-03-29'], claim: 'HL-20457', by: 'rob', with: hart, day: 2, at: 2, booked: -18, stage: 'planned', papers: both },
  { examinee: ['Joseph', 'Mbeki', '1978-09-09'], claim: 'NC-77270', by: 'jonah', with: iversenVideo, day: 3, booked: -15, stage: 'planned', papers: ['brief'] },
  { examinee: ['Tanya', 'Rudd', '1984-02-26'], claim: 'HL-20461', by: 'rita', with: moreau, day: 4, booked: -19, moved: { from: 11, on: -5, by: 'clinic' }, stage: 'planned', papers: both },
  { examinee: ['Colin', 'Baxter', '1959-06-18'], claim: 'NC-77282', by: 'nadia', with: lund, day: 5, at: 1, booked: -13, stage: 'planned' },
  { examinee: ['Stella', 'Conti', '1988-08-08'], claim: 'PP-118', by: { clinic: { firstName: 'Gwen', lastName: 'Parish', email: 'gwen@parish-partners.example', firm: 'Parish & Partners' } }, with: hart, day: 6, at: 3, booked: -2, stage: 'planned' },
  { examinee: ['Mark', 'Ellery', '1973-01-11'], claim: 'AL-5571', by: 'declan', with: nasser, day: 7, booked: -12, stage: 'planned', papers: ['consent_form'], mailFailed: true },
  { examinee: ['Bridget', 'Shaw', null], claim: 'HL-20466', by: { clinic: 'priya' }, with: wei, day: 8, booked: -4, stage: 'planned', lacksPhone: true },
  { examinee: ['Gordon', 'Pike', '1963-04-13'], claim: 'HL-20470', by: 'rita', with: keller, day: 10, booked: -17, stage: 'cancelled', cancelled: { on: -3, by: 'clinic' } },
  { examinee: ['Amira', 'Nasr', '1994-10-05'], claim: null, by: { clinic: { firstName: 'Tom', lastName: 'Whelan', email: 'tom.whelan@whelan-law.example', firm: '' } }, with: osman, day: 11, at: 2, booked: -1, stage: 'planned' },
  { examinee: ['Maria', 'Santos', '1979-03-14'], claim: 'HL-20318', by: 'rita', acting: 'ada', with: okafor, day: 13, booked: -4, stage: 'planned' },
  { examinee: ['Evan', 'Lockhart', '1999-11-20'], claim: 'AL-5577', by: 'mei', with: rossi, day: 15, at: 1, booked: -8, stage: 'planned' },
  { examinee: ['Thi Lan', 'Pham', '1971-05-31'], interpreter: 'Vietnamese', claim: 'HL-20478', by: 'rob', with: hart, day: 18, at: 1, booked: -7, stage: 'planned', papers: ['consent_form'] },
  { examinee: ['Graham', 'Tully', '1960-07-27'], claim: 'NC-77291', by: 'jonah', with: lundVideo, day: 22, booked: -6, stage: 'planned' },
  { examinee: ['Ines', 'Carvalho', '1982-09-30'], claim: 'AL-5580', by: 'isla', with: iversenVideo, day: 26, booked: -5, stage: 'planned' },
  { examinee: ['Wayne', 'Abbott', '1976-12-24'], claim: 'NC-77295', by: 'nadia', with: moreau, day: 30, booked: -2, stage: 'planned', deletedInAcuity: true },
];

/** An admin acted as this referrer, and booked the examination that says `acting`. */
export const episode = {
  admin: 'ada',
  referrer: 'rita',
  day: -4,
  from: '10:05',
  minutes: 11,
  reason: 'Rita is in court today and asked by phone for a second examination of her client',
} as const;
