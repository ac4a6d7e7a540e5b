// Every route of the app × every kind of visitor. The routes are read from the app itself: one that is not in the
// table fails, and so does a line of the table without a route. The console's tables and actions, which share a few
// routes, are in matrix-console.test.ts.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import {
  allowedPeople,
  inWords,
  letterOf,
  openMatrixFixture,
  visitors,
  type AccessRequest,
  type MatrixFixture,
  type VisitorName,
} from '../support/matrix-fixture.ts';
import { insertPeople } from '../support/own-people.ts';
import { isChanging, mountedRoutes } from '../support/routes.ts';

// Columns: anonymous · Rita, whose organisation it is · Nadia of another · support · admin · admin acting as Rita.
// i: allowed (whatever an empty form is answered) · s: sign in first · n: 403 · u: 404 or 410
const table: Record<string, string> = {
  'get /metrics': 'iiiiii',
  'get /healthz': 'iiiiii',
  'get /readyz': 'iiiiii',
  'get /api/openapi.json': 'iiiiii',
  'get /': 'iiiiii',

  'get /sign-in': 'iiiiii',
  'post /sign-in': 'iiiiii',
  'get /sign-in/code': 'iiiiii',
  'post /sign-in/code': 'iiiiii',
  'get /sign-out': 'siiiii',
  'post /sign-out': 'iiiiii',
  'post /api/auth/sign-in/email': 'iiiiii',
  'post /api/auth/two-factor/verify-totp': 'iiiiii',
  'post /api/auth/two-factor/verify-backup-code': 'iiiiii',
  'post /api/auth/sign-out': 'iiiiii',
  'get /api/auth/get-session': 'iiiiii',

  // What belongs to a person alone is closed to an admin acting as them.
  'get /account': 'siiiin',
  'get /account/password': 'siiiin',
  'post /account/password': 'siiiin',
  'get /account/email': 'siiiin',
  'post /account/email': 'siiiin',
  'get /account/calendar': 'siinnn',
  'post /account/calendar': 'siinnn',
  'get /calendar/:token/examinations.ics': 'uuuuuu',
  'get /account/mail': 'siiiin',
  'post /account/mail': 'siiiin',
  // By a mail's signed address, which names the person; here a wrong one.
  'get /account/mail/stop/:token': 'uuuuun',
  'post /account/mail/stop/:token': 'uuuuun',
  'get /account/sessions': 'siiiin',
  'post /account/sessions/end': 'siiiin',
  'post /account/sessions/end-all': 'siiiin',
  'get /account/two-factor': 'siiiin',
  'post /account/two-factor/later': 'siiiin',
  'post /account/two-factor': 'siiiin',
  'get /account/two-factor/set-up': 'siiiin',
  'post /account/two-factor/set-up': 'siiiin',
  'post /account/two-factor/codes': 'siiiin',
  'post /account/two-factor/off': 'siiiin',
  // By a mail's secret link; here a wrong one.
  'get /account/invitation/:token': 'uuuuun',
  'post /account/invitation/:token': 'uuuuun',
  'get /account/forgotten': 'iiiiin',
  'post /account/forgotten': 'iiiiin',
  'get /account/new-password/:token': 'uuuuun',
  'post /account/new-password/:token': 'uuuuun',
  'get /account/email/:token': 'uuuuun',
  'post /account/email/:token': 'uuuuun',

  'get /account/people': 'snnnin',
  'get /account/people/:id': 'snnnin',
  'post /account/people/:id': 'snnnin',
  'post /account/people/:id/role': 'snnnin',
  'post /account/invitations': 'snnnin',
  'post /account/invitations/again': 'snnnin',
  'post /account/invitations/revoke': 'snnnin',
  'post /account/organizations': 'snnnin',

  'get /search': 'siiiii',
  'post /search': 'siiiii',
  'get /specialists': 'siiiii',
  'get /specialists/first-free': 'siiiii',
  'get /specialists/:id': 'siiiii',
  'get /specialists/:id/photo': 'siiiii',
  'get /specialists/:id/cv': 'siiiii',
  'get /specialists/:id/files': 'snnnin',
  'post /specialists/:id/photo': 'snnnin',
  'post /specialists/:id/cv': 'snnnin',
  'post /specialists/:id/photo/remove': 'snnnin',
  'post /specialists/:id/cv/remove': 'snnnin',
  'get /specialists/:id/availability': 'siiiii',
  'get /specialists/:id/questions': 'siiiii',

  // Only referrers book; another's draft is not there.
  'get /bookings/new': 'siinni',
  'post /bookings/new': 'siinni',
  'get /bookings/new/:draftId/time': 'siunni',
  'post /bookings/new/:draftId/time': 'siunni',
  'get /bookings/new/:draftId/examinee': 'siunni',
  'post /bookings/new/:draftId/examinee': 'siunni',
  'get /bookings/new/:draftId/check': 'siunni',
  'post /bookings': 'siinni',
  'get /bookings/attempts/:attemptId': 'siuiii',
  'get /bookings/attempts/:id': 'siuiii',

  'get /bookings': 'siiiii',
  'post /bookings/search': 'siiiii',
  'get /bookings/:id': 'siuiii',
  'get /bookings/:id/status': 'siuiii',
  // Before the booking is cancelled, below.
  'post /bookings/:id/documents/uploads': 'siuiii',
  // Whoever began an upload goes on with it.
  'post /bookings/:id/documents/uploads/:uploadId/parts': 'siuuui',
  'post /bookings/:id/documents/uploads/:uploadId/complete': 'siuuui',
  'delete /bookings/:id/documents/uploads/:uploadId': 'siuuui',
  'get /bookings/:id/calendar.ics': 'siuiii',
  'get /bookings/:id/documents.zip': 'siuiii',
  'get /bookings/export.csv': 'siinni',
  'get /bookings/:id/reschedule': 'siuiii',
  'post /bookings/:id/reschedule': 'siuiii',
  'get /bookings/:id/cancel': 'siuiii',
  'post /bookings/:id/cancel': 'siuiii',
  'get /bookings/:id/instructions': 'siuiii',
  'post /bookings/:id/instructions': 'siuiii',
  'post /bookings/:id/again': 'siunni',
  'get /bookings/:id/messages': 'siuiii',
  'post /bookings/:id/messages': 'siuiii',
  'post /bookings/:id/messages/answered': 'snniin',
  'post /bookings/:id/notes': 'snniin',
  'post /bookings/:id/wait-list': 'siunni',
  'get /wait-list': 'siinni',
  'get /wait-list/new': 'siinni',
  'post /wait-list': 'siinni',
  // Nobody's: those of others are held against in test/waiting/wait-list.test.ts.
  'post /wait-list/:id/leave': 'suunnu',
  'post /wait-list/offers/:id/accept': 'suunnu',
  'post /wait-list/offers/:id/decline': 'suunnu',
  'get /bookings/:id/contacts': 'siuiii',
  'post /bookings/:id/contacts': 'siuiii',
  'post /bookings/:id/progress': 'snniin',
  'get /bookings/:id/documents': 'siuiii',
  'post /bookings/:id/documents': 'siuiii',

  // Support sees all documents and deletes none.
  'get /documents/:id': 'siuiii',
  'get /documents/:id/receipt': 'siuiii',
  'get /documents/:id/view': 'siuiii',
  'get /documents/:id/category': 'siuiii',
  'post /documents/:id/category': 'siuiii',
  'get /documents/:id/delete': 'siunii',
  'post /documents/:id/delete': 'siunii',
  'delete /documents/:id': 'siunii',
  // Of a draft report. Referrers are refused by role before anything is looked up.
  'get /documents/:id/release': 'snniin',
  'post /documents/:id/release': 'snniin',
  'get /documents/:id/recall': 'snniin',
  'post /documents/:id/recall': 'snniin',

  'get /admin': 'snniin',
  // The console's own: here of a table that there is not. Those that there are: matrix-console.test.ts.
  'get /admin/export/:table': 'snnuun',
  // AdminJS's own, of a table that does not exist here; matrix-console.test.ts has the others.
  'get /admin/api/resources/:table/records/:id/:action': 'snnuun',
  'post /admin/api/resources/:table/records/:id/:action': 'snnuun',
  'get /admin/resources/:table/records/:id/:action': 'snnuun',
  'post /admin/resources/:table/records/:id/:action': 'snnuun',
  'get /admin/resources/:table/actions/:action': 'snnuun',
  'post /admin/resources/:table/actions/:action': 'snnuun',
  'get /admin/api/resources/:table/actions/:action': 'snnuun',
  'post /admin/api/resources/:table/actions/:action': 'snnuun',
  'get /admin/resources/:table': 'snnuun',
  'get /admin/api/views/:table': 'snnuun',
  'post /admin/views/:table': 'snnuun',
  'post /admin/views/:table/columns': 'snnuun',
  'post /admin/views/:table/:id/remove': 'snnuun',
  'post /admin/views/:table/find': 'snnuun',
  'get /admin/api/dashboard': 'snniin',
  'get /admin/options/organizations': 'snniin',
  'get /admin/options/referrers': 'snniin',
  'get /admin/frontend/assets/:file': 'snnuun',
  'get /admin/access-check': 'snniin',
  'post /admin/access-check': 'snniin',
  'get /admin/act-as': 'snnnin',
  'get /admin/referrers/search': 'snnnin',
  'post /admin/impersonate': 'snnnin',
  'post /admin/exit-impersonation': 'snnnni',
  'get /problems': 'iiiiii',
  'get /session': 'siiiii',
  'post /session': 'siiiii',
  'get /admin/acting': 'siiiii',
  'post /admin/acting': 'snnnni',
  'get /admin/episodes': 'snnnin',
  'get /admin/episodes/:id': 'snnnin',
  'get /admin/acuity': 'snnnin',
  'post /admin/acuity': 'snnnin',
  'get /admin/acuity-questions': 'snnnin',
  'post /admin/acuity-questions': 'snnnin',
  'post /admin/acuity-questions/read': 'snnnin',
  // Exists only for requests with the token of our own checks.
  'get /doctor/probe': 'uuuuuu',
  'get /admin/figures': 'snniin',
  'get /admin/doctor': 'snnnin',
  'post /admin/doctor': 'snnnin',
  'get /admin/paperwork': 'snniin',
  'post /admin/paperwork': 'snnnin',
  'post /admin/bulk': 'snniin',
  'get /admin/bulk/:id': 'snniin',
  'post /admin/bulk/:id/start': 'snnnin',
  'post /admin/bulk/:id/stop': 'snniin',
  // Here of a kind that does not exist.
  'get /admin/next/:attention': 'snnuun',
  'get /admin/api/next/:attention': 'snnuun',
  'get /admin/merges': 'snnnin',
  'post /admin/merges/preview': 'snnnin',
  'post /admin/merges': 'snnnin',
  'post /admin/merges/:id/undo': 'snnnun',
  'post /admin/webhooks/:id/replay': 'snnnun',

  // Signed instead of signed in; here with no signature and no body.
  'post /automation/acuity': 'iiiiii',
  'post /webhooks/acuity': 'iiiiii',
};

/** Answers in one shape that differ from the table, each with its reason. */
const exceptions: Record<string, Partial<Record<VisitorName, string>>> = {
  // Without a new time the booking is not looked up: every id gets the same 422.
  'post /bookings/:id/reschedule json': { nadia: 'i' },
  // For pages that are already open: anybody else is redirected to the page itself, which refuses them.
  'get /bookings/:id/status html': { nadia: 'i' },
  'get /bookings/:id/status json': { nadia: 'i' },
  // Sent from a tab that does not know yet that acting has ended: the admin is sent to the console.
  'post /admin/exit-impersonation html': { admin: 'i' },
  // The form needs a chosen referrer.
  'post /admin/impersonate html': { admin: 'u' },
};

const part = { partNumber: 1, sha256: 'a'.repeat(64) };
/** Bodies for routes that check the body before the right to send it. */
const bodies: Record<string, object> = {
  'post /bookings/:id/contacts': { contacts: [] },
  'post /bookings/:id/documents/uploads': { category: 'brief', fileName: 'large.txt', sizeBytes: 4 },
  'post /bookings/:id/documents/uploads/:uploadId/parts': { parts: [part] },
  'post /bookings/:id/documents/uploads/:uploadId/complete': { parts: [part] },
};

/** Routes that sign the visitor out. */
const leaves = /sign-out|end-all|exit-impersonation/;

describe('the route', function () {
  this.timeout(120_000);
  let fixture: MatrixFixture;
  before(async () => {
    fixture = await openMatrixFixture();
  });
  after(() => fixture.close());

  it('table names every route of the app, and no other', () => {
    const routes = mountedRoutes(fixture.app.system.app);
    expect(Object.keys(table).toSorted()).to.deep.equal(routes.toSorted());
  });

  for (const [route, expected] of Object.entries(table)) {
    it(`${route} ${inWords(expected)}`, async () => {
      for (const shape of ['json', 'html'] as const) {
        const told: string[] = [];
        for (const name of visitors) told.push(await letterOfRoute(fixture, route, name, shape));
        const differing = exceptions[`${route} ${shape}`] ?? {};
        const wanted = visitors.map((name, at) => differing[name] ?? expected[at]).join('');
        expect(told.join(''), shape).to.equal(wanted);
      }
      if (!isChanging(route)) {
        const address = await fixture.fill(route.slice('get '.length));
        expect(await fixture.canSee(address), 'Check access').to.deep.equal(allowedPeople(expected));
      }
    });
  }

  it('table agrees with Check access for staff who have not set up two-step sign-in', async () => {
    const { db } = fixture.app;
    const email = 'grace@examdesk.example';
    const id = randomUUID();
    await insertPeople(db, [{ id, name: 'Grace Lim', email, organizationId: null, role: 'admin' }]);
    const grace = await fixture.app.signIn(email);
    for (const route of Object.keys(table).filter((one) => !isChanging(one))) {
      const address = await fixture.fill(route.slice('get '.length));
      const letter = await letterOf(grace, { method: 'get', address, shape: 'json' });
      expect(await fixture.canSee(address, { grace: id }), route).to.deep.equal(
        letter === 'i' ? ['grace'] : [],
      );
    }
  });
});

async function letterOfRoute(
  fixture: MatrixFixture,
  route: string,
  name: VisitorName,
  shape: 'json' | 'html',
): Promise<string> {
  const [method, pattern = ''] = route.split(' ');
  const isLeaving = isChanging(route) && leaves.test(pattern);
  const agent = isLeaving ? await fixture.enter(name) : fixture.agents[name];
  const address = await fixture.fill(pattern);
  const told = await letterOf(agent, {
    method: method as AccessRequest['method'],
    address,
    shape,
    body: bodies[route],
  });
  // Ending all of a person's sessions also signs out the other agents of that person, and the admin's acting session.
  if (pattern.endsWith('/end-all')) {
    for (const one of name === 'admin' ? (['admin', 'acting'] as const) : [name])
      fixture.agents[one] = await fixture.enter(one);
  }
  return told;
}
