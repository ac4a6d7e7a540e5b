import { expect } from 'chai';
import { emailInput, nameInput, organizationInput } from '../../src/accounts/account.input.ts';

const organizationName = organizationInput.shape.name;

describe('what is typed about accounts', () => {
  it('is tidied like everything else', () => {
    for (const [typed, tidied] of [
      [' Rita\u00a0\u200bAlvarez ', 'Rita Alvarez'],
      ['Mary\tO´Brien\u2010Lee', "Mary O'Brien-Lee"],
      ['Ali s/o Rahman, 3rd (Jr.)', 'Ali s/o Rahman, 3rd (Jr.)'],
      ['علی\u200cرضا', 'علی\u200cرضا'],
    ] as const) {
      expect(nameInput.parse(typed), typed).to.equal(tidied);
      expect(organizationName.parse(typed), typed).to.equal(tidied);
    }
    for (const [typed, tidied] of [
      [' Smith&Jones@Harbour.example\u200b', 'smith&jones@harbour.example'],
      ['mary.o’brien!@harbour.example;', "mary.o'brien!@harbour.example"],
    ] as const)
      expect(emailInput.parse(typed), typed).to.equal(tidied);
  });

  it('is refused after tidying, with one reason', () => {
    const reasons = (schema: typeof nameInput, value: unknown) =>
      schema.safeParse(value).error?.issues.map(({ message }) => message);
    for (const blank of ['', ' \u00a0', '\u200b', '\u3164'])
      expect(reasons(nameInput, blank)).to.deep.equal(['Enter a name']);
    for (const bad of ['Rita\nAlvarez', 'Rita\u0000', 'a\u202eb', 'Rita <b>', 'Rita 😀', '---'])
      expect(reasons(nameInput, bad), bad).to.deep.equal(['Use only characters that belong in a name']);
    for (const bad of ['rita', 'rita@harbour', 'a b@harbour.example', 'rita@harbour.example\nBcc: x@y.zz'])
      expect(reasons(emailInput, bad), bad).to.deep.equal(['Enter an e-mail address like name@example.com']);
    expect(reasons(emailInput, `${'x'.repeat(250)}@harbour.example`)).to.deep.equal([
      'Enter an e-mail address of at most 254 characters',
    ]);
    for (const bad of ['Harbour\u0007 Legal', 'Harbour <Legal>', 'Harbour\u202e'])
      expect(organizationName.safeParse(bad).success, bad).to.equal(false);
    expect(organizationName.safeParse('Acme™ & Söhne 法律').success).to.equal(true);
  });
});
