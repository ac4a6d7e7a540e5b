// Which question of the practice's form asks for which of our details (src/simulator/fixture.ts).
export const intakeFields = {
  reference: 9101,
  examinee_first_name: 9102,
  examinee_last_name: 9103,
  examinee_phone: 9104,
  examinee_email: 9105,
  examinee_date_of_birth: 9106,
  claim_number: 9107,
  organization: 9108,
  interpreter_language: 9109,
} as const;
export type IntakeQuestion = keyof typeof intakeFields;
