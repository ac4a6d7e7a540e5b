import { expect } from 'chai';
import { escapeText } from '../../src/http/views.ts';

describe('escapeText', () => {
  it('escapes every character that has a meaning in texts and quoted attributes', () => {
    expect(escapeText(`<a href="x" title='y'>Fox & Sons</a>`)).to.equal(
      '&lt;a href=&#34;x&#34; title=&#39;y&#39;&gt;Fox &amp; Sons&lt;/a&gt;',
    );
    for (const one of ['<', '>', '&', '"', "'"]) expect(escapeText(one), one).to.match(/^&[#\w]+;$/);
  });

  it('leaves other texts as they are, writes numbers, and nothing for what is absent', () => {
    expect(escapeText('Zoë Nguyễn · 9:00\u00a0am')).to.equal('Zoë Nguyễn · 9:00\u00a0am');
    expect(escapeText(12)).to.equal('12');
    expect([escapeText(null), escapeText(undefined), escapeText(false)]).to.deep.equal(['', '', 'false']);
  });
});
