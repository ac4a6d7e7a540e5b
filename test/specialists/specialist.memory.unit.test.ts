import { expect } from 'chai';
import { createKeptVersion } from '../../src/db/kept-version.ts';
import { keepSpecialists, type Specialist, type SpecialistRepository } from '../../src/specialists/index.ts';
import { aSpecialist } from '../support/builders/specialist.ts';

describe('keepSpecialists', () => {
  const amelia = aSpecialist({});
  const gone = aSpecialist({ isActive: false, acuityCalendarId: 7003 });
  let now: number;
  let reads: number;
  let stored: Promise<Specialist[]>;
  let version: ReturnType<typeof createKeptVersion>;
  let specialists: SpecialistRepository;

  beforeEach(() => {
    now = 0;
    reads = 0;
    stored = Promise.resolve([amelia, gone]);
    version = createKeptVersion(() => now);
    const listAll = () => {
      reads += 1;
      return stored;
    };
    specialists = keepSpecialists({ listAll } as SpecialistRepository, version);
  });

  it('reads once while the version stays', async () => {
    for (; now < 5_000; now += 500) {
      version.confirm(7, now);
      expect(await specialists.findById(amelia.id.toUpperCase())).to.equal(amelia);
      expect(await specialists.findByCalendar(7003)).to.equal(gone);
      expect(await specialists.listActive()).to.deep.equal([amelia]);
      expect(await specialists.listActive({ type: 'telehealth' })).to.deep.equal([]);
    }
    expect(reads).to.equal(1);
  });

  it('reads again when the version has changed, also to a lower one', async () => {
    version.confirm(7, 0);
    await specialists.listActive();
    for (const changed of [8, 3]) {
      stored = Promise.resolve([]);
      version.confirm(changed, ++now);
      expect(await specialists.listActive()).to.deep.equal([]);
    }
    expect(reads).to.equal(3);
  });

  it('ignores a version that was read before the one it knows', async () => {
    version.confirm(8, 2);
    await specialists.listActive();
    version.confirm(7, 1);
    await specialists.listActive();
    expect(reads).to.equal(1);
  });

  it('keeps nothing while no request has confirmed the version for a second', async () => {
    await specialists.listActive();
    version.confirm(7, 0);
    await specialists.listActive();
    now = 1_000;
    await specialists.listActive();
    await specialists.listActive();
    expect(reads).to.equal(4);
  });

  it('does not keep a failure', async () => {
    version.confirm(7, 0);
    stored = Promise.reject(new Error('away'));
    const failed = await specialists.listActive().catch((error: unknown) => error);
    expect(failed).to.be.an('error');
    stored = Promise.resolve([amelia]);
    expect(await specialists.listActive()).to.deep.equal([amelia]);
  });

  it('does not keep what was read for a version that has passed meanwhile', async () => {
    version.confirm(7, 0);
    let answer: (all: Specialist[]) => void = () => undefined;
    stored = new Promise((go) => {
      answer = go;
    });
    const before = specialists.listActive();
    version.confirm(8, 0);
    stored = Promise.resolve([]);
    expect(await specialists.listActive()).to.deep.equal([]);
    answer([amelia]);
    await before;
    expect(await specialists.listActive()).to.deep.equal([]);
  });

  it('finds nobody for an id that is no UUID', async () => {
    expect(await specialists.findById('new')).to.equal(null);
    expect(reads).to.equal(0);
  });
});
