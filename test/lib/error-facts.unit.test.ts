import { expect } from 'chai';
import { errorFacts } from '../../src/lib/error-facts.ts';

describe('errorFacts', () => {
  it('takes lines of the stack, and none of a message that quotes what somebody typed', () => {
    const typed = 'invalid input syntax for type uuid: "seen\n    at 10:30:15\n at the clinic"';
    const asIs = errorFacts(new Error(typed));
    expect(JSON.stringify(asIs)).not.to.match(/clinic|10:30/);
    expect(asIs.at?.[0]).to.contain('error-facts.unit.test.ts');
    // knex puts the statement before the message after the stack was made.
    const changed = Object.assign(new Error(typed), { message: `select - ${typed}`, code: '22P02' });
    expect(JSON.stringify(errorFacts(changed))).not.to.match(/clinic|10:30|select/);
    expect(errorFacts(changed)).to.include({ name: 'Error', code: '22P02' });
  });

  it('says no more than the type of what is no error', () => {
    expect(errorFacts('typed')).to.deep.equal({ name: 'string' });
  });
});
