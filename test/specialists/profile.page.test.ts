// The page of a specialist, and what admins do to it.
import { expect } from 'chai';
import { profileFileRules } from '../../src/specialists/index.ts';
import { startTestApp, type Agent, type TestApp } from '../support/app.ts';
import { formAddress, openForm, sendForm } from '../support/console-form.ts';
import { pdf } from '../support/builders/files.ts';
import { aJpeg, aPng, secret } from '../support/builders/pictures.ts';
import { openTestStorage, type TestStorage } from '../support/object-storage.ts';

describe('the page of a specialist', () => {
  let app: TestApp;
  let storage: TestStorage;
  let rita: Agent;
  let ada: Agent;
  let id: string;

  before(async () => {
    storage = await openTestStorage();
    app = await startTestApp({ env: storage.env });
    rita = await app.signIn('rita@harbour-legal.example');
    ada = await app.signIn('ada@examdesk.example');
    id = (await app.system.services.specialists.findByCalendar(7001))!.id;
  });
  after(async () => {
    await app.close();
    await storage.close();
  });

  const page = async (agent = rita) =>
    (await agent.get(`/specialists/${id}`).set('Accept', 'text/html').expect(200)).text;
  const profile = async () =>
    ((await rita.get(`/specialists/${id}`).expect(200)).body as { specialist: Record<string, unknown> })
      .specialist;
  const send = (kind: 'photo' | 'cv', bytes: Buffer, agent = ada) =>
    agent
      .post(`/specialists/${id}/${kind}`)
      .set('Accept', 'text/html')
      .attach('file', bytes, 'a file')
      .redirects(0)
      .ok(() => true);

  it('says what a lawyer wants to know, with a map of the place', async () => {
    const text = await page();
    for (const words of [
      'FRACS (Orth)',
      'Spine, shoulder and knee injuries',
      'English, Spanish',
      'About 2 weeks',
    ])
      expect(text).to.include(words);
    expect(text).to.match(/href="https:\/\/[^"]*maps[^"]*George%20Street[^"]*"/);
    expect(text).not.to.include('Photo and CV');
    expect(await page(ada)).to.include('Photo and CV');
  });

  it('is the same in JSON', async () => {
    expect(await profile()).to.deep.include({
      id,
      languages: ['English', 'Spanish'],
      reportDays: 14,
      photoUrl: null,
      cvUrl: null,
    });
  });

  it('is found by a language and by what the specialist examines', async () => {
    for (const q of ['mandarin', 'headache']) {
      const { body } = await rita.get(`/specialists?q=${q}`).expect(200);
      expect((body as { specialists: { name: string }[] }).specialists.map(({ name }) => name)).to.deep.equal(
        ['Dr Chen Wei'],
      );
    }
  });

  it('is not there for referrers when the specialist takes no bookings', async () => {
    const set = (is_active: boolean) => app.db('specialists').where({ id }).update({ is_active });
    await set(false);
    await rita.get(`/specialists/${id}`).expect(404);
    await rita.get(`/specialists/${id}`).set('Accept', 'text/html').expect(404);
    expect(await page(ada)).to.include('Takes no new bookings');
    await set(true);
  });

  it('is edited by admins in the console', async () => {
    const form = formAddress('specialists', id);
    const { version } = await openForm(ada, form);
    const values = {
      qualifications: 'FRACS',
      languages: 'English, Welsh',
      examines: 'Hips\nKnees',
      reportDays: '',
    };
    await sendForm(ada, form, { version, values }).expect(200);
    expect(await profile()).to.deep.include({
      qualifications: 'FRACS',
      languages: ['English', 'Welsh'],
      examines: ['Hips', 'Knees'],
      reportDays: null,
    });
    const { version: next } = await openForm(ada, form);
    const refused = await sendForm(ada, form, { version: next, values: { reportDays: '900' } }).expect(422);
    expect(JSON.stringify(refused.body)).to.include('reportDays');
  });

  describe('the photo', () => {
    it('is shown without what else the file held', async () => {
      for (const bytes of [aPng(), aJpeg()]) {
        expect((await send('photo', bytes)).status).to.equal(303);
        const src = /class="profile-photo" src="([^"]+)"/.exec(await page())?.[1] ?? '';
        const photo = await rita.get(src).expect(200);
        const shown = photo.body as Buffer;
        expect(shown.includes(secret)).to.equal(false);
        expect(photo.headers).to.include({
          'content-type': bytes[0] === 0x89 ? 'image/png' : 'image/jpeg',
          'content-length': String(shown.length),
          'cache-control': 'private, max-age=31536000, immutable',
          'x-content-type-options': 'nosniff',
        });
        expect(photo.headers['content-security-policy'])
          .to.include("default-src 'none'")
          .and.include('sandbox');
      }
    });

    it('leaves one object in the store when it is replaced, and none when it is removed', async () => {
      await send('photo', aPng(200));
      expect(await storage.keys(`profiles/${id}/photo/`)).to.have.length(1);
      await ada.post(`/specialists/${id}/photo/remove`).set('Accept', 'text/html').redirects(0).expect(303);
      expect(await storage.keys(`profiles/${id}/photo/`)).to.deep.equal([]);
      await rita.get(`/specialists/${id}/photo`).expect(404);
      expect(await page()).not.to.include('profile-photo');
    });

    it('is one of the two when two are saved at the same time', async () => {
      const saved = await Promise.all([send('photo', aPng(150)), send('photo', aPng(180))]);
      expect(saved.map(({ status }) => status)).to.deep.equal([303, 303]);
      await rita.get(`/specialists/${id}/photo`).expect(200);
      expect(await storage.keys(`profiles/${id}/photo/`)).to.have.length(1);
      await ada.post(`/specialists/${id}/photo/remove`).set('Accept', 'text/html').redirects(0).expect(303);
    });

    const refusals: [what: string, bytes: () => Buffer][] = [
      ['a PDF', () => pdf()],
      [
        'a drawing with a script',
        () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'),
      ],
      ['a picture that ends early', () => aPng().subarray(0, 60)],
      ['a picture of 40 pixels', () => aPng(40)],
      ['a picture of 4,001 pixels', () => aJpeg(4_001, 400)],
      ['more than 2 MB', () => Buffer.concat([aPng(), Buffer.alloc(profileFileRules.photo.maxBytes)])],
      ['an empty file', () => Buffer.alloc(0)],
    ];
    for (const [what, bytes] of refusals) {
      it(`is refused when it is ${what}, with what to do`, async () => {
        const refused = await send('photo', bytes());
        expect(refused.status).to.equal(422);
        expect(refused.text).to.include('error-summary').and.include('href="#photo"');
        expect(await storage.keys(`profiles/${id}/photo/`)).to.deep.equal([]);
      });
    }

    it('is refused from others than admins, and leaves an audit row', async () => {
      for (const email of ['rita@harbour-legal.example', 'sam@examdesk.example'])
        expect((await send('photo', aPng(), await app.signIn(email))).status).to.equal(403);
      await send('photo', aPng());
      const row = await app.db('audit_log').where({ resource_id: id }).orderBy('id', 'desc').first();
      expect(row).to.include({ action: 'record.changed', resource_type: 'specialist' });
      expect(row?.metadata).to.deep.include({ file: 'photo' });
    });
  });

  it('offers the CV as a download', async () => {
    expect((await send('cv', aPng())).status).to.equal(422);
    expect((await send('cv', pdf())).status).to.equal(303);
    const cv = await rita.get(`/specialists/${id}/cv`).buffer(true).expect(200);
    expect(cv.headers['content-type']).to.equal('application/pdf');
    expect(cv.headers['content-disposition']).to.include('attachment; filename="CV Dr Amelia Hart.pdf"');
    expect(await page()).to.include('Download the CV');
  });

  it('is changed although the store does not let go of the file before', async () => {
    await send('cv', pdf());
    const before = await storage.keys(`profiles/${id}/cv/`);
    storage.server.injectFault = ({ method }) => (method === 'PUT' ? undefined : 'drop');
    try {
      expect((await send('cv', pdf(500))).status).to.equal(303);
    } finally {
      storage.server.injectFault = null;
    }
    expect(await storage.keys(`profiles/${id}/cv/`))
      .to.include.members(before)
      .and.have.length(2);
    await rita.get(`/specialists/${id}/cv`).expect(200);
  });

  it('says when to try again while the file store does not answer', async () => {
    await send('cv', pdf());
    storage.server.injectFault = () => 'drop';
    try {
      const refused = await rita.get(`/specialists/${id}/cv`).expect(503);
      expect(refused.body).to.include({ code: 'storage_unavailable' });
      expect(refused.headers['retry-after']).to.match(/^\d+$/);
      expect((await send('cv', pdf())).status).to.equal(503);
    } finally {
      storage.server.injectFault = null;
    }
  });
});
