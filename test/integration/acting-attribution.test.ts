// Every route that changes something is walked by an admin acting as Rita; whatever it wrote names both, the right way
// round. A changing route that this file does not know fails.
import { expect } from 'chai';
import { sendDirectly } from '../support/direct-upload.ts';
import { openMatrixHouse, type MatrixHouse } from '../support/matrix-house.ts';
import { isChanging, mountedRoutes } from '../support/routes.ts';

/** Refused while acting, or about nobody's session; the matrix holds these to it. */
const nothingOfTheirs =
  /^post \/(sign-in|sign-out|api\/auth|account|admin|automation|webhooks|bookings\/search|bookings\/:id\/progress)(\/|$)/;
/** What is kept between the steps of a booking: the referrer's own, nothing of a record yet. */
const drafts = /^post \/bookings\/new/;
const recorded = [
  'post /bookings',
  'post /bookings/:id/reschedule',
  'post /bookings/:id/cancel',
  'post /bookings/:id/documents',
  // Of a large file, what is recorded is its last step.
  'post /bookings/:id/documents/uploads',
  'post /bookings/:id/documents/uploads/:uploadId/parts',
  'post /bookings/:id/documents/uploads/:uploadId/complete',
  'delete /bookings/:id/documents/uploads/:uploadId',
  'post /documents/:id/delete',
  'delete /documents/:id',
];

describe('what is done while acting', function () {
  this.timeout(60_000);
  let house: MatrixHouse;
  before(async () => {
    house = await openMatrixHouse();
  });
  after(() => house.close());

  it('is known for every changing route', () => {
    const others = mountedRoutes(house.app.system.app).filter(
      (route) => isChanging(route) && !nothingOfTheirs.test(route) && !drafts.test(route),
    );
    expect(others.toSorted()).to.deep.equal(recorded.toSorted());
  });

  it('is the referrer’s, with the admin beside, on the audit row of each', async () => {
    const { app, agents, userIds, bookingId } = house;
    const last = (await app.db('audit_log').max({ id: 'id' }).first()) as { id: number };
    await agents.acting
      .post(`/bookings/${bookingId}/documents`)
      .field('category', 'brief')
      .attach('files', Buffer.from('A brief.\n'), 'brief.txt')
      .expect(201);
    const large = Buffer.from('A large brief.\n');
    const direct = await sendDirectly(
      { rita: agents.rita, bookingId },
      large,
      { fileName: 'large.txt' },
      agents.acting,
    );
    await direct.send();
    await direct.finish();
    await agents.acting
      .post(`/documents/${await house.aDocument()}/delete`)
      .set('Accept', 'text/html')
      .expect(303);
    await agents.acting.delete(`/documents/${await house.aDocument()}`).expect(204);
    await agents.acting.post(`/bookings/${bookingId}/cancel`).send({ reason: 'Not needed' }).expect(200);
    const rows = (await app
      .db('audit_log')
      .where('id', '>', last.id)
      .whereIn('action', ['document.uploaded', 'document.deleted', 'booking.cancelled'])
      .select('action', 'actor_id', 'acting_as_id')) as Record<string, string>[];
    expect(rows.map(({ action }) => String(action)).toSorted()).to.deep.equal([
      'booking.cancelled',
      'document.deleted',
      'document.deleted',
      'document.uploaded',
      'document.uploaded',
    ]);
    expect(
      await app
        .db('documents')
        .whereIn('file_name', ['brief.txt', 'large.txt'])
        .select({ by: 'uploaded_by_id', for: 'uploaded_for_id' }),
    ).to.deep.equal(Array.from({ length: 2 }, () => ({ by: userIds.rita, for: userIds.admin })));
    for (const row of rows) expect(row).to.include({ actor_id: userIds.admin, acting_as_id: userIds.rita });
    expect(
      await app
        .db('documents')
        .whereNotNull('deleted_at')
        .select({ by: 'deleted_by_id', for: 'deleted_for_id' }),
    ).to.deep.equal(Array.from({ length: 2 }, () => ({ by: userIds.rita, for: userIds.admin })));
    const [cancelled] = await app
      .db('booking_progress')
      .where({ booking_id: bookingId, progress: 'cancelled' })
      .select({ by: 'changed_by_id', for: 'changed_for_id' });
    expect(cancelled).to.deep.equal({ by: userIds.rita, for: userIds.admin });
  });

  it('is told on the page of the episode, with every page seen and nothing typed', async () => {
    const { app, agents, bookingId } = house;
    await agents.acting.get(`/bookings/${bookingId}`).set('Accept', 'text/html').expect(200);
    await agents.acting.get('/bookings?q=Marsh').set('Accept', 'text/html');
    await agents.acting.get('/bookings/Ewan%20Marsh').set('Accept', 'text/html').expect(404);
    await agents.acting.get('/admin/episodes').set('Accept', 'text/html').expect(403);
    const { id } = (await app.db('impersonations').first('id')) as { id: string };
    const page = await agents.admin.get(`/admin/episodes/${id}`).set('Accept', 'text/html').expect(200);
    expect(page.text)
      .to.contain('Page: Booking')
      .and.contain(`/bookings/${bookingId}`)
      .and.contain('Cancelled')
      .and.contain('Document deleted')
      .and.not.contain('Marsh');
    const seen = (await app.db('impersonation_views').orderBy('id').pluck('path')) as string[];
    expect(seen.slice(-3)).to.deep.equal([`/bookings/${bookingId}`, '/bookings', '/bookings/:id']);
    const removed = await app
      .db('impersonation_views')
      .delete()
      .then(
        () => 'removed',
        (error: { code?: string }) => error.code,
      );
    expect(removed).to.equal('23001');
  });

  it('cannot reach what is the referrer’s alone, in whatever letters', async () => {
    for (const path of ['/account', '/Account/Password', '/ACCOUNT/email/some-token', '/account/forgotten'])
      await house.agents.acting.get(path).expect(403);
  });

  it('ends with the admin’s right to it, at once and on record', async () => {
    const { app, userIds } = house;
    await app.db.transaction(async (trx) => {
      await trx('users').where({ id: userIds.admin }).update({ role: 'support' });
    });
    const [episode] = await app.db('impersonations').select('end_reason');
    expect(episode).to.deep.equal({ end_reason: 'session_ended' });
    const ended = await app.db('audit_log').where({ action: 'impersonation.ended' });
    expect(ended).to.have.length(1);
    await house.agents.acting.get('/bookings').expect(401);
  });

  it('ends after half an hour though nobody asks for anything', async () => {
    const { app, userIds } = house;
    await app.db('users').where({ id: userIds.admin }).update({ role: 'admin' });
    house.agents.acting = await house.enter('acting');
    expect(await app.system.services.impersonation.endQuiet()).to.equal(0);
    await app
      .db('sessions')
      .whereNotNull('impersonated_by')
      .update({ last_seen_at: new Date(Date.now() - 31 * 60_000) });
    expect(await app.system.services.impersonation.endQuiet()).to.equal(1);
    const [newest] = await app.db('impersonations').orderBy('started_at', 'desc').select('end_reason');
    expect(newest).to.deep.equal({ end_reason: 'idle' });
  });
});
