// The documents fixture with everybody signed in, and reports to release and recall.
import type { Test } from 'supertest';
import { pdf } from './builders/files.ts';
import type { Agent } from './app.ts';
import { openDocumentFixture, type DocumentFixture, type UploadedDocument } from './document-fixture.ts';

const emails = {
  rita: 'rita@harbour-legal.example',
  rob: 'rob@harbour-legal.example',
  nadia: 'nadia@northside-claims.example',
  sam: 'sam@examdesk.example',
  ada: 'ada@examdesk.example',
} as const;
type Name = keyof typeof emails;

interface AuditRow {
  outcome: string;
  metadata: Record<string, unknown>;
}

export interface ReleaseFixture {
  fixture: DocumentFixture;
  emails: typeof emails;
  agents: Record<Name, Agent>;
  ids: Record<Name, string>;
  /** Ada, acting as Rita. */
  acting: Agent;
  /** Signs one in again, after their sessions were ended. */
  enter(name: Name): Promise<void>;
  /** A draft report by Sam. */
  aReport(bookingId?: string): Promise<UploadedDocument>;
  released(bookingId?: string): Promise<UploadedDocument>;
  release(report: { id: string }, body?: object, agent?: Agent): Test;
  recall(report: { id: string }, agent?: Agent): Test;
  /** The audit rows of one report. */
  releasesOf(report: { id: string }): Promise<AuditRow[]>;
  recallsOf(report: { id: string }): Promise<AuditRow[]>;
}

export async function openReleaseFixture(): Promise<ReleaseFixture> {
  const fixture = await openDocumentFixture();
  const agents = {} as ReleaseFixture['agents'];
  const ids = {} as ReleaseFixture['ids'];
  const enter = async (name: Name) => {
    agents[name] = await fixture.app.signIn(emails[name]);
  };
  for (const name of Object.keys(emails) as Name[]) {
    await enter(name);
    const row = (await fixture.app.db('users').where({ email: emails[name] }).first('id')) as { id: string };
    ids[name] = row.id;
  }
  const acting = await fixture.app.signIn(emails.ada);
  await acting.post('/admin/impersonate').send({ userId: ids.rita, reason: 'Checks a report' }).expect(200);
  const aReport = async (bookingId = fixture.bookingId): Promise<UploadedDocument> => {
    const [report] = await fixture.upload(
      { 'Report.pdf': pdf(2_000) },
      { category: 'report', agent: agents.sam, bookingId },
    );
    if (!report) throw new Error('Nothing was stored');
    return report;
  };
  const release: ReleaseFixture['release'] = ({ id }, body = {}, agent = agents.sam) =>
    agent.post(`/documents/${id}/release`).send(body);
  const rowsOf = async (action: string, { id }: { id: string }) =>
    (await fixture.audit(action)).filter(({ resource_id }) => resource_id === id);
  return {
    fixture,
    emails,
    agents,
    ids,
    acting,
    enter,
    aReport,
    release,
    recall: ({ id }, agent = agents.sam) => agent.post(`/documents/${id}/recall`).send({}),
    async released(bookingId) {
      const report = await aReport(bookingId);
      await release(report).expect(200);
      return report;
    },
    releasesOf: (report) => rowsOf('document.released', report),
    recallsOf: (report) => rowsOf('document.recalled', report),
  };
}
