// The type of one entry of booking.details.ts.
import type { z } from 'zod';

/** How the booking form asks for a detail. */
export type DetailInput =
  | { as: 'text'; type?: 'tel' | 'email'; hint?: string; isShort?: true; row?: string }
  | { as: 'prose'; label?: string; hint?: string; rows: number }
  /** Three boxes: day, month and year. */
  | { as: 'day'; hint?: string }
  /** Yes or no, and a text box when the answer is yes. */
  | {
      as: 'yesNo';
      question: string;
      /** The text box's label. */
      box: string;
      hint?: string;
      /** Messages for yes with an empty box (`missing`) and for no with a filled one (`contradicted`). */
      missing: string;
      contradicted: string;
      /** The console shows only the text box. */
      hintForStaff: string;
    };

export interface DetailFilter {
  name: string;
  label: string;
  yes: string;
  no: string;
}

export interface Detail {
  /** Path in JSON: `examinee.phone`, `claimNumber`. The part after the last dot is the name in forms. */
  path: string;
  /** Column of the table `bookings`. */
  column: string;
  label: string;
  /** Parses what people and programs send into what is stored. */
  schema: z.ZodType<string | null>;
  /** Its schema in our JSON answers. */
  json: z.ZodType<string | null>;
  /** The stored value when there is none. */
  absent: '' | null;
  /** An imported booking without it is marked "details needed", and the form does not label it optional. */
  isNeeded: boolean;
  /**
   * Whether a value from Acuity could be read. If not, it stays as typed, and the booking is marked "details needed".
   */
  isReadable?: (value: string) => boolean;
  /** Part of the examinee's name, which is shown as one. */
  isName?: true;
  /** The console's filters show its value only encrypted. */
  isHealth: boolean;
  /** The question in Acuity's intake form, by its name in `intake_fields`; null: not sent to Acuity. */
  intake: {
    name: string;
    /** Phrases that recognise the question, in lower case, each with its certainty (1 to 3). */
    words: Record<string, number>;
    /**
     * Reads Acuity's answer, which is tidied; null when it means "none", undefined when it cannot be read and not be
     * kept as typed. Unset: the answer as it is.
     */
    read?: (answer: string) => string | null | undefined;
  } | null;
  input: DetailInput;
  /** Listed among the facts in mails when it has a value. */
  inMail: boolean;
  /** Has its own column in the console. */
  inConsole: boolean;
  /**
   * Whether digests of requests and earlier digests of Acuity's answers include it when it has no value. A detail added
   * later must be `whenSet`, so that digests stored before it existed stay valid.
   */
  inDigests: 'always' | 'whenSet';
  /** What pages show when there is no value; unset: "Not given". */
  absentWords?: string;
  /** A list filter for "has a value": its name in the URL and its words. Needs a nullable column. */
  filter?: DetailFilter;
}
