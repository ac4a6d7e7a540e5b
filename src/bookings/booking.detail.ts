// What can be said of one detail of an examination: an entry of booking.details.ts.
import type { z } from 'zod';

/** How the booking form asks for a detail. */
export type DetailInput =
  | { as: 'text'; type?: 'tel' | 'email'; hint?: string; isShort?: true; row?: string }
  | { as: 'prose'; label?: string; hint?: string; rows: number }
  /** Three boxes: day, month, year. */
  | { as: 'day'; hint?: string }
  /** A yes/no, and a text box for what it is when the answer is yes. */
  | {
      as: 'yesNo';
      question: string;
      /** The label of its text box. */
      box: string;
      hint?: string;
      /** What is said when the answer is yes and the box is empty, and when it is no and the box is not. */
      missing: string;
      contradicted: string;
      /** In the console there is the box alone. */
      hintForStaff: string;
    };

export interface DetailFilter {
  name: string;
  label: string;
  yes: string;
  no: string;
}

export interface Detail {
  /** In JSON: `examinee.phone`, `claimNumber`. What follows the last dot is its name in forms. */
  path: string;
  /** Of the table `bookings`. */
  column: string;
  label: string;
  /** Takes what people and programs send, gives what is stored. */
  schema: z.ZodType<string | null>;
  /** As our JSON answers it. */
  json: z.ZodType<string | null>;
  /** What is stored when there is none. */
  absent: '' | null;
  /** An imported booking without it is marked "details needed"; the form does not call it optional. */
  isNeeded: boolean;
  /** Whether what came from Acuity could be read; otherwise it is kept as typed, and marks the booking "details needed". */
  isReadable?: (value: string) => boolean;
  /** A part of the examinee's name, shown as one. */
  isName?: true;
  /** Named in the console's filters in sealed words only. */
  isHealth: boolean;
  /** Which question of Acuity's intake form it is, by its name in `intake_fields`; null: Acuity is not told. */
  intake: {
    name: string;
    /** By which its question is recognised: phrases in small letters, each with how sure it is (1 to 3). */
    words: Record<string, number>;
    /** What Acuity's answer means; null when it means nothing. Unset: the answer itself. */
    read?: (answer: string) => string | null;
  } | null;
  input: DetailInput;
  /** Among the facts of a mail, where it has a value. */
  inMail: boolean;
  /** A column of its own in the console. */
  inConsole: boolean;
  /**
   * Whether the digests of requests and of Acuity's answers hold it when it has no value. A detail that is added later
   * is `whenSet`: then what is stored of requests and appointments without it stays as it is.
   */
  inDigests: 'always' | 'whenSet';
  /** What pages show when there is none; unset: "Not given". */
  absentWords?: string;
  /** A filter of the list by whether there is one: its name in the URL, and its words. Needs a column that may be null. */
  filter?: DetailFilter;
}
