import { expect } from 'chai';
import { linesAboutQuestions } from '../../src/commands/doctor.lines.ts';
import { costsOfNoReference, type MappingView } from '../../src/questions/index.ts';

const page = 'https://examdesk.example/admin/acuity-questions';
const lund = { specialist: 'Dr Erik Lund', type: 'telehealth' as const };
const park = { specialist: 'Dr Min Park', type: 'in_person' as const };

function view(
  lacking: MappingView['details'][number]['lacking'],
  more: Partial<MappingView> = {},
): MappingView {
  const details = [{ name: 'reference', label: 'Booking reference', fieldId: 9101, lacking }];
  return {
    ...{ forms: [], asOf: new Date(), isStale: false, removed: [], details, serviceCount: 2 },
    ...{ saved: null, token: '0.a.b', ...more },
  };
}

describe('npm run doctor', () => {
  const saysOf = (given: MappingView) =>
    linesAboutQuestions(given, page).map(({ state, says }) => `${state}: ${says}`);

  it('is content when every examination has our reference', () => {
    expect(saysOf(view([]))).to.deep.equal(['ok: Every examination has our reference']);
  });

  it('names the examinations, the costs and the page when some go without our reference', () => {
    const [line] = linesAboutQuestions(view([lund]), page);
    expect(line?.says).to.equal('1 of 2 examinations go without our reference');
    expect(line?.more)
      .to.include('Dr Erik Lund: telehealth')
      .and.include.members([...costsOfNoReference]);
    expect(line?.more.at(-1)).to.contain(page);
  });

  it('names no examination when all go without our reference', () => {
    const [line] = linesAboutQuestions(view([lund, park]), page);
    expect(line?.says).to.equal('Every examination goes without our reference');
    expect(line?.more.join()).not.to.contain('Lund');
  });

  it('says so when Acuity cannot be read, or never was', () => {
    expect(saysOf(view([], { isStale: true }))[0]).to.match(/^warning: Acuity’s questions cannot be read/);
    expect(saysOf(view([], { forms: null }))).to.deep.equal([
      'wrong: Acuity’s questions were never read, and cannot be read at the moment',
    ]);
  });
});
