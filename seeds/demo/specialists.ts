// The demo's specialists. Name, place, zone and lengths are those of the simulator's calendars and appointment types.
import { matters, type Matter } from './matters.ts';

export interface DemoSpecialist {
  calendarId: number;
  title: string;
  specialty: string;
  types: readonly number[];
  qualifications: string;
  demoMatter: Matter;
}

export const specialists: readonly DemoSpecialist[] = [
  {
    calendarId: 7001,
    title: 'Orthopaedic surgeon',
    specialty: 'Orthopaedic surgery',
    types: [8001],
    qualifications: 'MB BS (Sydney), FRACS (Orth), FAOrthA',
    demoMatter: matters.orthopaedic,
  },
  {
    calendarId: 7002,
    title: 'Consultant psychiatrist',
    specialty: 'Psychiatry',
    types: [8003, 8004],
    qualifications: 'MB BS (UNSW), FRANZCP',
    demoMatter: matters.psychiatric,
  },
  {
    calendarId: 7003,
    title: 'Neurologist',
    specialty: 'Neurology',
    types: [8001],
    qualifications: 'MB BS (UWA), PhD, FRACP',
    demoMatter: matters.neurological,
  },
  {
    calendarId: 7004,
    title: 'Consultant psychiatrist',
    specialty: 'Psychiatry',
    types: [8004],
    qualifications: 'MB ChB (Cairo), MMed (Psych), FRANZCP',
    demoMatter: matters.psychiatric,
  },
  {
    calendarId: 7005,
    title: 'Occupational physician',
    specialty: 'Occupational medicine',
    types: [8001, 8002],
    qualifications: 'MB BS (Adelaide), MPH, FAFOEM (RACP)',
    demoMatter: matters.occupational,
  },
  {
    calendarId: 7006,
    title: 'Rehabilitation physician',
    specialty: 'Rehabilitation medicine',
    types: [8001, 8002],
    qualifications: 'MB ChB (Auckland), FAFRM (RACP)',
    demoMatter: matters.neurological,
  },
  {
    calendarId: 7007,
    title: 'Plastic and reconstructive surgeon',
    specialty: 'Plastic surgery',
    types: [8001],
    qualifications: 'MD (Lyon), FRACS (Plast)',
    demoMatter: matters.occupational,
  },
  // His assessment has its own intake form in Acuity, with required questions.
  {
    calendarId: 7008,
    title: 'Neuropsychologist',
    specialty: 'Neuropsychology',
    types: [8005, 8006],
    qualifications: 'BA (Hons), DPsych (Clin Neuro), MAPS, FCCN',
    demoMatter: matters.cognitive,
  },
  {
    calendarId: 7021,
    title: 'Orthopaedic surgeon',
    specialty: 'Orthopaedic surgery',
    types: [8001],
    qualifications: 'MB BS (Melbourne), MS, FRACS (Orth)',
    demoMatter: matters.orthopaedic,
  },
  {
    calendarId: 7022,
    title: 'Orthopaedic surgeon',
    specialty: 'Orthopaedic surgery',
    types: [8001],
    qualifications: 'MB BS (Ibadan), FRCS (Tr & Orth), FRACS (Orth)',
    demoMatter: matters.orthopaedic,
  },
];

export function specialistOf(calendarId: number): DemoSpecialist {
  const found = specialists.find((one) => one.calendarId === calendarId);
  if (!found) throw new Error(`No specialist of the demo has calendar ${calendarId}`);
  return found;
}
