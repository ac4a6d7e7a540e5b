// Booking references such as `EX-7K3M9Q`.

/** No 0 1 I L O U: a reference is spoken over the phone. */
export const referenceLetters = '23456789ABCDEFGHJKMNPQRSTVWXYZ';

const wellFormed = new RegExp(`^EX-[${referenceLetters}]{6}$`);

export function isReference(text: string): boolean {
  return wellFormed.test(text);
}
