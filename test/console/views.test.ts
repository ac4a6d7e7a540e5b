// Saved views and chosen columns: each person's own, shared on wish, and never more than the person may read.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { aBookingOf, personOf } from '../support/console-records.ts';
import { sealWords } from '../support/console-requests.ts';

interface Choices {
  columns: string[];
  views: { id: string; name: string; query: string; note: string; mayRemove: boolean }[];
}

describe('what a person keeps of a list', () => {
  let app: TestApp;
  let ada: Agent;
  let sam: Agent;
  before(async () => {
    app = await startTestApp();
    ada = await app.signIn('ada@examdesk.example');
    sam = await app.signIn('sam@examdesk.example');
  });
  after(() => app.close());
  beforeEach(async () => {
    await app.db('console_views').delete();
    await app.db('console_columns').delete();
  });

  const read = async (agent: Agent, list = 'bookings', tab = '') =>
    choicesIn((await agent.get(`/admin/api/views/${list}?tab=${tab}`).expect(200)).body.html as string);
  /** As the head of the list shows them. */
  const choicesIn = (html: string): Choices => ({
    columns: [...html.matchAll(/name="columns" value="(\w+)" checked/g)].map(([, name = '']) => name),
    views: [
      ...html.matchAll(
        /<li><a href="[^"?]+\?([^"]*)tab=([^"]+)"[^>]*>(.*?)<\/a>.*?>(.*?)<\/small>(.*?)<\/li>/gs,
      ),
    ].map(([, query = '', id = '', name = '', note = '', rest = '']) => ({
      id,
      name,
      query: query.replaceAll('&amp;', '&').replace(/&$/, ''),
      note,
      mayRemove: rest.includes('Remove the view'),
    })),
  });
  const save = (agent: Agent, view: object, list = 'bookings') =>
    agent.post(`/admin/views/${list}`).send(view);
  const open = { name: 'Open ones', query: 'filters.status=active&sortBy=reference&direction=asc&page=3' };

  it('is a view with its filters, sort and columns, for its owner alone', async () => {
    await save(sam, { ...open, columns: ['reference', 'phone'] }).expect(200);
    const [view] = (await read(sam)).views;
    expect(view).to.deep.include({
      name: 'Open ones',
      query: 'filters.status=active&sortBy=reference&direction=asc',
      note: '',
    });
    expect((await read(sam, 'bookings', view?.id)).columns).to.deep.equal(['reference', 'phone']);
    const { body } = await sam.get(`/admin/api/resources/bookings/actions/list?tab=${view?.id}`).expect(200);
    expect(body.columns).to.deep.equal(['reference', 'phone']);
    expect((await read(ada)).views).to.deep.equal([]);
    expect((await read(sam, 'emails')).views).to.deep.equal([]);
    await save(sam, { ...open, query: '' }).expect(200);
    expect((await read(sam)).views.map(({ query }) => query)).to.deep.equal(['']);
  });

  it('shares a view with all staff, of whom support cannot change or remove it', async () => {
    await save(ada, { ...open, isShared: 'yes' }).expect(200);
    const [view] = (await read(sam)).views;
    expect(view).to.deep.include({ name: 'Open ones', mayRemove: false });
    expect(view?.note).to.match(/^by Ada/);
    await sam.post(`/admin/views/bookings/${view?.id}/remove`).send({}).expect(404);
    await save(sam, { ...open, query: '' }).expect(200);
    expect((await read(ada)).views.find(({ note }) => note === 'shared')?.query).to.contain('status=active');
    await ada.post(`/admin/views/bookings/${view?.id}/remove`).send({}).expect(200);
    await ada.post(`/admin/views/bookings/${view?.id}/remove`).send({}).expect(404);
    await ada.post('/admin/views/bookings/no-such/remove').send({}).expect(404);
  });

  it('offers the columns of an open view to its owner alone, and those of the list to nobody meanwhile', async () => {
    await save(ada, { ...open, columns: ['reference', 'phone'], isShared: 'yes' }).expect(200);
    const [view] = (await read(ada)).views;
    const columnsPanel = async (agent: Agent, tab = '') => {
      const { html } = (await agent.get(`/admin/api/views/bookings?tab=${tab}`).expect(200)).body;
      return (html as string).split('>Columns</summary>')[1] ?? '';
    };
    expect(await columnsPanel(ada, view?.id))
      .to.contain('action="/admin/views/bookings"')
      .and.contain('<input type="hidden" name="name" value="Open ones">')
      .and.contain('<input type="hidden" name="isShared" value="yes">')
      .and.not.contain('Usual columns');
    expect(await columnsPanel(sam, view?.id))
      .to.contain('The view Open ones has its own columns.')
      .and.not.contain('Save columns');
    expect(await columnsPanel(sam)).to.contain('action="/admin/views/bookings/columns"');
  });

  it('lets admins remove a shared view of somebody who has left, and no view that is not shared', async () => {
    await save(sam, { ...open, isShared: 'yes' }).expect(200);
    await save(sam, { name: 'Own', query: '' }).expect(200);
    const { id: samId } = await personOf(app.db, 'sam');
    const own = await app.db('console_views').where({ user_id: samId, name: 'Own' }).first('id');
    await app.db('users').where({ id: samId }).update({ banned: true });
    const [view] = (await read(ada)).views;
    expect(view).to.deep.include({ name: 'Open ones', mayRemove: true });
    await ada.post(`/admin/views/bookings/${own?.id}/remove`).send({}).expect(404);
    await ada.post(`/admin/views/emails/${view?.id}/remove`).send({}).expect(404);
    await ada.post(`/admin/views/bookings/${view?.id}/remove`).send({}).expect(200);
    expect((await read(ada)).views).to.deep.equal([]);
    expect(await app.db('audit_log').orderBy('id', 'desc').first('metadata')).to.deep.equal({
      metadata: { change: 'removed', list: 'bookings', ownerId: samId },
    });
    await app.db('users').where({ id: samId }).update({ banned: false });
    sam = await app.signIn('sam@examdesk.example');
  });

  it('keeps words about an examinee sealed, for the owner and for whoever the view is shared with', async () => {
    const id = await aBookingOf(app.db, 'rita', { examinee_last_name: 'Quillfeather' });
    const { examinee } = await sealWords(sam, { examinee: 'quillfeather' });
    const query = `filters.examinee=${examinee}`;
    await save(sam, { name: 'One', query, isShared: 'yes' }).expect(200);
    for (const agent of [sam, ada]) {
      const [view] = (await read(agent)).views;
      const found = await agent.get(`/admin/api/resources/bookings/actions/list?${view?.query}`).expect(200);
      expect((found.body.records as { id: string }[]).map((record) => record.id)).to.deep.equal([id]);
    }
    await save(ada, { name: 'Sam’s words', query }).expect(400);
    await save(sam, { name: 'In clear', query: 'filters.examinee=quillfeather' }).expect(400);
    await save(sam, { name: 'Twice', query: `filters.examinee=quillfeather&${query}` }).expect(200);
    expect((await read(sam)).views.find(({ name }) => name === 'Twice')).to.include({ query });
    const { rows } = await app.db.raw<{ rows: unknown[] }>(
      `select count(*)::int as n from (select to_jsonb(v)::text t from console_views v
         union all select to_jsonb(l)::text from audit_log l) kept where t ilike '%quillfeather%'`,
    );
    expect(rows).to.deep.equal([{ n: 0 }]);
    expect(app.logLines.join('')).not.to.match(/quillfeather/i);
  });

  it('is in the head of its list, whatever its name', async () => {
    await save(sam, { ...open, name: '</a><script>alert(1)</script>' }).expect(200);
    expect((await read(sam)).views[0]?.name).to.equal('&lt;/a&gt;&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  it('is the columns of a list, until the person takes the usual ones again', async () => {
    const usual = (await read(sam)).columns;
    const keep = (sent: object) => sam.post('/admin/views/bookings/columns').send(sent).expect(200);
    for (const taken of [{ columns: null }, { columns: 'reference', isUsual: 'yes' }]) {
      await keep({ columns: ['createdAt', 'reference'] });
      expect((await read(sam)).columns).to.deep.equal(['reference', 'createdAt']);
      expect((await read(ada)).columns).to.deep.equal(usual);
      await keep(taken);
      expect((await read(sam)).columns).to.deep.equal(usual);
    }
    await keep({ columns: 'reference' });
    expect((await read(sam)).columns).to.deep.equal(['reference']);
  });

  it('has an audit row for each change, without the name of the view', async () => {
    await save(sam, { name: 'About Ms Quill', query: '' }).expect(200);
    const [view] = (await read(sam)).views;
    await sam.post(`/admin/views/bookings/${view?.id}/remove`).send({}).expect(200);
    const rows = await app.db('audit_log').where({ resource_id: view?.id }).orderBy('id');
    const { id: samId } = await personOf(app.db, 'sam');
    expect(rows.map(({ actor_id, metadata }) => [actor_id, metadata])).to.deep.equal([
      [samId, { change: 'saved', list: 'bookings', isShared: false }],
      [samId, { change: 'removed', list: 'bookings', ownerId: samId }],
    ]);
  });

  it('is refused when its address is too long, however it is written', async () => {
    for (const query of [
      `filters.specialist=${'x'.repeat(4_000)}`,
      `filters.specialist=${'é'.repeat(1_000)}`,
    ]) {
      const { body } = await save(sam, { name: 'Long', query }).expect(422);
      expect(body.errors).to.deep.equal([{ path: 'query', message: 'Use fewer filters' }]);
    }
  });

  it('names a filter by what its address says when the list knows no words for it', async () => {
    const { body } = await sam.get('/admin/api/views/bookings?filters.status=constructor').expect(200);
    expect(body.html).to.contain('Status: constructor');
  });

  it('names no list, column or filter that the person may not read', async () => {
    await sam.get('/admin/api/views/users').expect(403);
    await sam.get('/admin/resources/users').set('Accept', 'text/html').expect(403);
    await save(sam, open, 'users').expect(403);
    await sam
      .post('/admin/views/audit/columns')
      .send({ columns: ['at'] })
      .expect(403);
    for (const name of ['password', 'takesPlace', 'id', 'constructor'])
      await sam
        .post('/admin/views/bookings/columns')
        .send({ columns: [name] })
        .expect(422);
    await sam.post('/admin/views/bookings/columns').send({ columns: [] }).expect(422);
    await save(sam, { name: 'x', query: 'filters.password=1' }).expect(400);
    await save(sam, { name: 'x', query: 'sortBy=password' }).expect(400);
    await save(sam, { name: '', query: '' }).expect(422);
    await save(sam, { name: 'x'.repeat(61), query: '' }).expect(422);
    await save(sam, {}).expect(422);
    expect((await read(sam)).views).to.deep.equal([]);
  });

  it('is at most fifty views of a list', async () => {
    const { id } = await personOf(app.db, 'sam');
    await app.db('console_views').insert(
      Array.from({ length: 50 }, (_, n) => ({
        id: randomUUID(),
        user_id: id,
        list: 'bookings',
        name: `View ${n}`,
        query: '',
      })),
    );
    await save(sam, { name: 'One more', query: '' }).expect(409);
    await save(sam, { name: 'View 1', query: '' }).expect(200);
  });
});
