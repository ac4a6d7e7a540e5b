import { expect } from 'chai';
import fc from 'fast-check';
import { hasInvisible, tidyLine, tidyProse, withoutShapeless } from '../../src/lib/typed-text.ts';
import { assertAlways } from '../support/random.ts';

const oneOf = (characters: string) => fc.constantFrom(...Array.from(characters));

/** Text made of what tidying is about, among letters of several scripts, and of any other character. */
const typedText = fc
  .array(
    fc.oneof(
      oneOf(" \u00a0\u2009\u3000\u3164-–−‑ー'´`′’\t\n\r\v\f\u0085\u2028\u2029"),
      oneOf('\u00ad\u200b\u200c\u200d\u200e\u202a\u202c\u202d\u202e\u2060\u2066\u2069\ufeff\ufe0f'),
      fc.constantFrom(
        'a',
        'e',
        '\u0301',
        '\u0308',
        'я',
        'ع',
        'ی',
        'क',
        '\u094d',
        'ක',
        '\u0dca',
        '👩',
        '🏽',
        '<',
      ),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

describe('tidyLine and tidyProse', () => {
  it('change nothing the second time', async () => {
    await assertAlways(
      'lib/tidied-twice',
      fc.property(typedText, (typed) => {
        expect(tidyLine(tidyLine(typed))).to.equal(tidyLine(typed));
        expect(tidyProse(tidyProse(typed))).to.equal(tidyProse(typed));
      }),
      { numRuns: 2_000 },
    );
  });

  it('leave the letters and digits of the text as they are', async () => {
    const letters = (text: string) => text.normalize('NFC').match(/[\p{L}\p{N}]/gu) ?? [];
    const spoken = fc.array(oneOf('abÉßøłđı李田สمحमයー1２ ’'), { maxLength: 12 });
    await assertAlways(
      'lib/tidied-letters',
      fc.property(spoken, (parts) => {
        expect(letters(tidyLine(parts.join('')))).to.deep.equal(letters(parts.join('')));
      }),
    );
  });

  it('write one kind of space, hyphen and apostrophe', () => {
    for (const space of '\u00a0\u1680\u2000\u2003\u2007\u2009\u200a\u202f\u205f\u3000\u2800\u3164\uffa0')
      expect(tidyLine(`a${space}b`), JSON.stringify(space)).to.equal('a b');
    for (const hyphen of '‐‑‒–—―−⁃﹣－֊־゠˗') expect(tidyLine(`a${hyphen}b`), hyphen).to.equal('a-b');
    for (const apostrophe of '´`′‵＇ʼˈ')
      expect(tidyLine(`O${apostrophe}Neil`), apostrophe).to.equal("O'Neil");
    for (const kept of ['O’Neil', 'ʻAkahi', 'スーパー', 'l·l', '三一', 'a_b', 'a~b', '10 × 2'])
      expect(tidyLine(kept)).to.equal(kept);
  });

  it('drop characters without a shape, and keep joiners between letters that need them', () => {
    for (const shapeless of [
      '\u00ad',
      '\u200b',
      '\u200e',
      '\u200f',
      '\u061c',
      '\u2060',
      '\ufeff',
      '\u202a',
      '\u2068',
      '\u{e0061}',
    ])
      expect(tidyLine(`a${shapeless}b`), JSON.stringify(shapeless)).to.equal('ab');
    expect(tidyLine('e\u200b\u0301')).to.equal('é');
    for (const [typed, tidied] of [
      ['علی\u200cرضا', 'علی\u200cرضا'],
      ['علی\u200c\u200cرضا', 'علی\u200cرضا'],
      ['ක්\u200dර', 'ක්\u200dර'],
      ['क्\u200d', 'क्\u200d'],
      ['علی\u200c', 'علی'],
      ['\u200cعلی', 'علی'],
      ['a\u200db', 'ab'],
      ['a\u200dع', 'aع'],
      ['я\u200cя', 'яя'],
    ] as const)
      expect(tidyLine(typed), JSON.stringify(typed)).to.equal(tidied);
  });

  it('write every line end of prose as one, and keep line breaks of one line to be refused', () => {
    expect(tidyProse('a\r\nb\rc\vd\fe\u0085f\u2028g\u2029h')).to.equal('a\nb\nc\nd\ne\nf\ng\nh');
    expect(tidyProse('  a\n  b ')).to.equal('a\n  b');
    expect(tidyLine(' a\t\tb\u2028c ')).to.equal('a b c');
    expect(hasInvisible(tidyLine('a\nb'), 'line')).to.equal(true);
  });

  it('leave control characters and overrides of direction to be refused', () => {
    for (const never of [
      '\u0000',
      '\u0007',
      '\u001b',
      '\u007f',
      '\u009f',
      '\u202d',
      '\u202e',
      '\ud800',
      '\uffff',
    ])
      for (const kind of ['line', 'prose'] as const) {
        const tidied = (kind === 'line' ? tidyLine : tidyProse)(`a${never}b`);
        expect(hasInvisible(tidied, kind), JSON.stringify(never)).to.equal(true);
      }
    expect(hasInvisible('a\n\tb', 'prose')).to.equal(false);
  });
});

describe('withoutShapeless', () => {
  it('keeps every visible character of an address', () => {
    expect(withoutShapeless('https://files.example/a–b`c\u200b?d=´')).to.equal(
      'https://files.example/a–b`c?d=´',
    );
  });
});
