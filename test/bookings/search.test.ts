// Words as people type them over the phone: each search of the app finds the same by them.
import { expect } from 'chai';
import { readSearch } from '../../src/db/search.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { aBookingOf } from '../support/console-records.ts';
import { sealWords } from '../support/console-requests.ts';

/** Who is examined, and the claim. */
const examined = {
  obrien: ['Siobhán', 'O’Brien', 'WC-2024/00871'],
  smith: ['Zoë', 'Smith-Jones', 'cl 55'],
  strauss: ['Łukasz', 'Strauß', null],
  aero: ['Ærø', 'Sørensen', null],
  dinh: ['Đình', 'Nguyễn', null],
  yilmaz: ['İpek', 'Yılmaz', null],
  ng: ['David', 'Ng', null],
  bang: ['Damien', 'Bang', 'NG-9'],
  xu: ['', 'Xu', null],
  le: ['Thi', 'Le', null],
  leeson: ['Ann', 'Leeson', null],
  vo: ['Van', 'Vo', 'WC-2026/123456'],
  rahman: ['Ali', 's/o Rahman', null],
  desouza: ['Ana', 'D Souza', null],
  greek: ['Ελένη', 'Παπαδοπούλου', null],
  chinese: ['', '王小明', null],
  anastasia: ['Anastasia', 'Christopoulos', null],
  // The same thirds of words, in other words.
  anaxsta: ['Anaxsta-Sia', 'Chroist-Opoulo', null],
} satisfies Record<string, [string, string, string | null]>;
type Key = keyof typeof examined;

/** What is typed, and whom it finds; the first stands first, however many come after. */
const cases: [typed: string, found: Key[]][] = [
  ['siobhan obrien', ['obrien']],
  ["O'Brien, Siobhán", ['obrien']],
  ['O´BRIEN', ['obrien']],
  ['o brien', ['obrien']],
  ['rien', ['obrien']],
  ['Mrs O`Brien', ['obrien']],
  ['smith jones', ['smith']],
  ['SmithJones', ['smith']],
  ['jones‑smith zoe', ['smith']],
  ['lukasz strauss', ['strauss']],
  ['STRAUSS', ['strauss']],
  ['aero sorensen', ['aero']],
  ['dinh nguyen', ['dinh']],
  ['NGUYỄN', ['dinh']],
  ['ipek yilmaz', ['yilmaz']],
  ['İPEK YILMAZ', ['yilmaz']],
  ['ng', ['ng', 'bang', 'dinh']],
  ['Mr Ng', ['ng', 'bang', 'dinh']],
  ['D Ng', ['ng', 'bang', 'dinh']],
  ['Ng, D.', ['ng', 'bang', 'dinh']],
  ['david ng', ['ng']],
  ['xu', ['xu']],
  ['le', ['le', 'leeson']],
  ['T. Le', ['le']],
  ['Dr Vo', ['vo']],
  ['wc 2026 123456', ['vo']],
  ['123456 van vo', ['vo']],
  ['23456', ['vo']],
  ['123456 rahman', []],
  ['123456 v 2027', []],
  ['ali s/o rahman', ['rahman']],
  ['rahman, ali', ['rahman']],
  ['d’souza', ['desouza']],
  ['desouza', []],
  ['00871', ['obrien']],
  ['087', ['obrien']],
  ['wc2024', ['obrien']],
  ['2024-00871', ['obrien']],
  ['brien wc 00871', ['obrien']],
  ['cl55', ['smith']],
  ['ελενη παπαδοπουλου', ['greek']],
  ['ΕΛΈΝΗ', ['greek']],
  ['王小明', ['chinese']],
  ['anastasia christopoulos', ['anastasia']],
  ['christopoulos, anastas', ['anastasia']],
  ['topoulos nastasi', ['anastasia']],
  ['anaxsta christopoulos', []],
  ['anaxsta opoulo', ['anaxsta']],
  ['%', []],
  ['_', []],
  ["'; drop table bookings --", []],
  ['\\', []],
  [', -', []],
];

describe('every search of bookings', () => {
  let app: TestApp;
  let rita: Agent;
  let sam: Agent;
  const ids = new Map<string, Key>();
  const references: Partial<Record<Key, string>> = {};

  before(async () => {
    app = await startTestApp();
    [rita, sam] = [await app.signIn('rita@harbour-legal.example'), await app.signIn('sam@examdesk.example')];
    let days = 0;
    for (const [key, [first, last, claim]] of Object.entries(examined)) {
      // Later ones are newer: the list alone would show them first.
      days += 1;
      const id = await aBookingOf(app.db, 'rita', {
        examinee_first_name: first,
        examinee_last_name: last,
        claim_number: claim,
        starts_at: new Date(Date.UTC(2027, 0, days)),
      });
      ids.set(id, key as Key);
      references[key as Key] = (await app.db('bookings').where({ id }).first('reference'))?.reference ?? '';
    }
  });
  after(() => app.close());

  const listed = async (q: string, more: object = {}): Promise<{ keys: Key[]; next: string | null }> => {
    const { body } = await rita
      .get('/bookings')
      .query({ q, ...more })
      .set('Accept', 'application/json')
      .expect(200);
    const keys = (body.bookings as { id: string }[]).map(({ id }) => ids.get(id)!);
    return { keys, next: body.nextCursor as string | null };
  };
  const inConsole = async (words: string, more: object = {}): Promise<Key[]> => {
    const { search } = await sealWords(sam, { search: words });
    const { body } = await sam
      .get('/admin/api/resources/bookings/actions/list')
      .query({ 'filters.search': search, ...more })
      .expect(200);
    return (body.records as { id: string }[]).map(({ id }) => ids.get(id)!);
  };

  for (const [typed, found] of cases) {
    it(`finds ${found.join(', ') || 'nobody'} by “${typed}”, in the list and in the console`, async () => {
      const { keys } = await listed(typed);
      expect(keys).to.have.members(found);
      expect(keys[0]).to.equal(found[0]);
      const shown = await inConsole(typed);
      expect(shown).to.have.members(found);
      expect(shown[0]).to.equal(found[0]);
    });
  }

  it('finds a booking by its reference, and by any part of it that is longer than two signs', async () => {
    const reference = references.vo ?? '';
    for (const typed of [
      reference,
      reference.toLowerCase(),
      reference.replace('-', ''),
      reference.replace('-', ' '),
    ])
      expect((await listed(typed)).keys, typed).to.deep.equal(['vo']);
    expect((await listed(reference.slice(4, 8))).keys).to.include('vo');
  });

  it('finds all of a specialist and of an organisation by its name, after those whose own name it is', async () => {
    await aBookingOf(app.db, 'nadia', {
      examinee_last_name: 'Harbour',
      starts_at: new Date('2026-12-05T00:00:00Z'),
    });
    const specialist = await app.db('specialists').where({ acuity_calendar_id: 7001 }).first('name');
    const surname = specialist?.name.split(' ').at(-1) ?? '';
    expect((await listed(`Dr ${surname}`)).keys).to.have.length(ids.size);
    expect((await listed(`${surname} xu`)).keys).to.deep.equal(['xu']);
    expect((await listed('harbour legal')).keys).to.have.length(ids.size);
    expect((await listed('northside')).keys).to.deep.equal([]);
    expect(await inConsole('harbour le')).to.deep.equal(['leeson', 'le']);
    // The examinee is called Harbour, the others’ organisation is.
    expect((await inConsole('harbour'))[0]).to.equal(undefined);
  });

  it('neither loses nor repeats a booking across pages, with exact matches first', async () => {
    const seen: Key[] = [];
    let next: string | null = null;
    do {
      const page = await listed('ng', { limit: 1, ...(next && { cursor: next }) });
      seen.push(...page.keys);
      ({ next } = page);
    } while (next);
    expect(seen).to.deep.equal(['ng', 'bang', 'dinh']);
    const pages = await Promise.all([1, 2, 3, 4].map((page) => inConsole('ng', { perPage: 1, page })));
    expect(pages.flat()).to.deep.equal(seen);
  });

  it('refuses the cursor of a search when its words are left out', async () => {
    const { next } = await listed('ng', { limit: 2 });
    expect((await listed('ng', { limit: 2, cursor: next })).keys).to.deep.equal(['dinh']);
    await rita.get('/bookings').query({ cursor: next }).set('Accept', 'application/json').expect(422);
  });

  it('follows a new name at once', async () => {
    const id = [...ids].find(([, key]) => key === 'xu')?.[0];
    await app.db('bookings').where({ id }).update({ examinee_last_name: 'Żółć' });
    expect((await listed('zolc')).keys).to.deep.equal(['xu']);
    await app.db('bookings').where({ id }).update({ examinee_last_name: 'Xu' });
    expect((await listed('zolc')).keys).to.deep.equal([]);
    await app.db('organizations').where({ name: 'Harbour Legal' }).update({ name: 'Häfen & Söhne' });
    expect((await listed('hafen sohne')).keys).to.have.length(ids.size);
    await app.db('organizations').where({ name: 'Häfen & Söhne' }).update({ name: 'Harbour Legal' });
  });

  describe('for a referrer whose organisation has many bookings', () => {
    let organizationId = '';

    before(async () => {
      const [id = ''] = ids.keys();
      const own = await app.db('bookings').where({ id }).first('organization_id');
      organizationId = own?.organization_id ?? '';
      expect((await readSearch(app.db, 'ng', organizationId)).amongFewOf).to.equal(organizationId);
      await app.db.raw(
        `insert into bookings (id, reference, acuity_appointment_id, specialist_id, source, created_by_id, organization_id,
           examinee_first_name, examinee_last_name, examinee_phone, starts_at, duration_minutes, type, timezone)
         select gen_random_uuid(), 'EX-' || translate(lpad(n::text, 6, '0'), '0123456789', 'QRSTVWXYZK'), 990000 + n, specialist_id, source, created_by_id, organization_id,
           'Quilla', 'Quoss', examinee_phone, starts_at + n * interval '1 hour', duration_minutes, type, timezone
         from bookings, generate_series(1, 500) n where id = ?`,
        [id],
      );
    });

    it('reads the words by their index', async () => {
      expect((await readSearch(app.db, 'ng', organizationId)).amongFewOf).to.equal(null);
    });

    for (const [typed, found] of cases.filter(([words]) => !/\d/.test(words)))
      it(`finds ${found.join(', ') || 'nobody'} by “${typed}”`, async () => {
        const { keys } = await listed(typed);
        expect(keys).to.have.members(found);
        expect(keys[0]).to.equal(found[0]);
      });
  });
});
