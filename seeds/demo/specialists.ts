// The demo's specialists. Name, place, zone and lengths are those of the simulator's calendars and appointment types.
import { matters, type Matter } from './matters.ts';

export interface DemoSpecialist {
  calendarId: number;
  title: string;
  specialty: string;
  types: readonly number[];
  qualifications: string;
  languages: string;
  examines: readonly string[];
  /** As the specialist's rooms say. */
  reportDays: number;
  /** Since when they practise, and what they did before: for the CV. */
  career: readonly string[];
  demoMatter: Matter;
}

export const specialists: readonly DemoSpecialist[] = [
  {
    calendarId: 7001,
    title: 'Orthopaedic surgeon',
    specialty: 'Orthopaedic surgery',
    types: [8001],
    qualifications: 'MB BS (Sydney), FRACS (Orth), FAOrthA',
    languages: 'English, Spanish',
    examines: [
      'Spine, shoulder and knee injuries',
      'Workplace and motor accident claims',
      'Permanent impairment (AMA 5, WPI)',
    ],
    reportDays: 14,
    career: [
      '2011 to now: orthopaedic surgeon, George Street Orthopaedics, Sydney',
      '2009 to 2011: fellowship in spine surgery, Royal North Shore Hospital',
      '2003 to 2009: surgical training, New South Wales',
    ],
    demoMatter: matters.orthopaedic,
  },
  {
    calendarId: 7002,
    title: 'Consultant psychiatrist',
    specialty: 'Psychiatry',
    types: [8003, 8004],
    qualifications: 'MB BS (UNSW), FRANZCP',
    languages: 'English, German',
    examines: [
      'Post-traumatic stress and adjustment disorders',
      'Psychological injury at work',
      'Capacity for work and treatment',
    ],
    reportDays: 21,
    career: [
      '2006 to now: consultant psychiatrist in private practice, Parramatta',
      '2000 to 2006: staff specialist, Cumberland Hospital',
    ],
    demoMatter: matters.psychiatric,
  },
  {
    calendarId: 7003,
    title: 'Neurologist',
    specialty: 'Neurology',
    types: [8001],
    qualifications: 'MB BS (UWA), PhD, FRACP',
    languages: 'English, Mandarin',
    examines: [
      'Head injury and post-traumatic headache',
      'Nerve injuries and chronic pain',
      'Seizures after trauma',
    ],
    reportDays: 14,
    career: [
      '2012 to now: neurologist, St Georges Terrace, Perth',
      '2008 to 2012: neurology registrar, Sir Charles Gairdner Hospital',
    ],
    demoMatter: matters.neurological,
  },
  {
    calendarId: 7004,
    title: 'Consultant psychiatrist',
    specialty: 'Psychiatry',
    types: [8004],
    qualifications: 'MB ChB (Cairo), MMed (Psych), FRANZCP',
    languages: 'English, Arabic',
    examines: [
      'Psychological injury after accidents',
      'Work stress and bullying claims',
      'Fitness to give evidence',
    ],
    reportDays: 14,
    career: [
      '2014 to now: consultant psychiatrist, by telehealth from Perth',
      '2008 to 2014: Graylands Hospital, Perth',
    ],
    demoMatter: matters.psychiatric,
  },
  {
    calendarId: 7005,
    title: 'Occupational physician',
    specialty: 'Occupational medicine',
    types: [8001, 8002],
    qualifications: 'MB BS (Adelaide), MPH, FAFOEM (RACP)',
    languages: 'English, Norwegian',
    examines: [
      'Fitness for work and suitable duties',
      'Upper limb and repetitive strain injuries',
      'Exposure to chemicals, dust and noise',
    ],
    reportDays: 10,
    career: [
      '2005 to now: occupational physician, Grenfell Street, Adelaide',
      '1998 to 2005: medical officer, SafeWork South Australia',
    ],
    demoMatter: matters.occupational,
  },
  {
    calendarId: 7006,
    title: 'Rehabilitation physician',
    specialty: 'Rehabilitation medicine',
    types: [8001, 8002],
    qualifications: 'MB ChB (Auckland), FAFRM (RACP)',
    languages: 'English, Persian',
    examines: [
      'Multiple injuries and amputation',
      'Care needs and home modification',
      'Recovery after brain injury',
    ],
    reportDays: 14,
    career: ['2010 to now: rehabilitation physician, Fort Street, Auckland'],
    demoMatter: matters.neurological,
  },
  {
    calendarId: 7007,
    title: 'Plastic and reconstructive surgeon',
    specialty: 'Plastic surgery',
    types: [8001],
    qualifications: 'MD (Lyon), FRACS (Plast)',
    languages: 'English, French',
    examines: ['Burns and scarring', 'Hand injuries', 'Facial injuries'],
    reportDays: 21,
    career: ['2009 to now: plastic surgeon, Hunter Street, Sydney', '2001 to 2009: Hospices civils de Lyon'],
    demoMatter: matters.occupational,
  },
  // His assessment has its own intake form in Acuity, with required questions.
  {
    calendarId: 7008,
    title: 'Neuropsychologist',
    specialty: 'Neuropsychology',
    types: [8005, 8006],
    qualifications: 'BA (Hons), DPsych (Clin Neuro), MAPS, FCCN',
    languages: 'English',
    examines: [
      'Memory and concentration after head injury',
      'Decision-making capacity',
      'Return to study and work',
    ],
    reportDays: 28,
    career: ['2007 to now: clinical neuropsychologist, Collins Street, Melbourne'],
    demoMatter: matters.cognitive,
  },
  {
    calendarId: 7021,
    title: 'Orthopaedic surgeon',
    specialty: 'Orthopaedic surgery',
    types: [8001],
    qualifications: 'MB BS (Melbourne), MS, FRACS (Orth)',
    languages: 'English, Italian',
    examines: ['Hip and knee injuries', 'Outcome of joint replacement', 'Second opinions on surgery'],
    reportDays: 14,
    career: [
      '2016 to now: orthopaedic surgeon, Park Street, Sydney',
      '2014 to 2016: fellowship in joint replacement, Melbourne',
    ],
    demoMatter: matters.orthopaedic,
  },
  {
    calendarId: 7022,
    title: 'Orthopaedic surgeon',
    specialty: 'Orthopaedic surgery',
    types: [8001],
    qualifications: 'MB BS (Ibadan), FRCS (Tr & Orth), FRACS (Orth)',
    languages: 'English, Yoruba, French',
    examines: [
      'Fractures and multiple trauma',
      'Foot and ankle injuries',
      'Permanent impairment (AMA 5, WPI)',
    ],
    reportDays: 14,
    career: [
      '2013 to now: orthopaedic surgeon, York Street, Sydney',
      '2007 to 2013: trauma surgeon, Royal London Hospital',
    ],
    demoMatter: matters.orthopaedic,
  },
];

export function specialistOf(calendarId: number): DemoSpecialist {
  const found = specialists.find((one) => one.calendarId === calendarId);
  if (!found) throw new Error(`No specialist of the demo has calendar ${calendarId}`);
  return found;
}
