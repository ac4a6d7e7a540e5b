// Staff release a report to the referrer and choose who is told; and they recall it.
import type { Request, Response } from 'express';
import { unavailableReason, isDraft, type Document, type DocumentEvent } from '../../../documents/index.ts';
import { releaseRequestSchema } from '../../api/documents.api.ts';
import { releaseProblem } from '../../api/documents.problems.ts';
import { actorOf } from '../../actor.ts';
import type { PageRoute } from '../../endpoint.ts';
import { rawField, readerZoneOf } from '../../forms/fields.ts';
import { paths } from '../../paths.ts';
import { notFound, type FieldProblem } from '../../problem.ts';
import type { PageServices } from '../page-services.ts';
import type { PageData } from '../../views.ts';
import { stamp } from '../when.ts';
import { actorOfEvent, factsOf } from './document-words.ts';

type Needs = Pick<PageServices, 'documents' | 'bookings'>;
type DocumentRequest = Request<{ id: string }>;

interface ReportFacts {
  documentId: string;
  bookingId: string;
  reference: string;
  fileName: string;
  facts: string;
}

export interface ReleasePage extends PageData, ReportFacts {
  /** Null while the booking waits to be assigned. */
  organization: string | null;
  members: { id: string; name: string; email: string; isChosen: boolean }[];
}

export interface RecallPage extends PageData, ReportFacts {
  /** Which referrers have opened it since its release. */
  openings: { who: string; what: string; when: string; at: string }[];
}

export function releasePages(services: Needs): PageRoute[] {
  const release = paths.documentRelease(':id');
  const recall = paths.documentRecall(':id');
  return [
    {
      method: 'get',
      path: release,
      access: 'staff',
      handle: (req, res) => showRelease(services, req as DocumentRequest, res),
    },
    {
      method: 'post',
      path: release,
      access: 'staff',
      handle: (req, res) => sendRelease(services, req as DocumentRequest, res),
    },
    {
      method: 'get',
      path: recall,
      access: 'staff',
      handle: (req, res) => showRecall(services, req as DocumentRequest, res),
    },
    {
      method: 'post',
      path: recall,
      access: 'staff',
      handle: (req, res) => sendRecall(services, req as DocumentRequest, res),
    },
  ];
}

async function showRelease(services: Needs, req: DocumentRequest, res: Response): Promise<void> {
  const document = await findReport(services, req, res);
  if (!isDraft(document)) return res.redirect(303, `${paths.booking(document.bookingId)}?released=before`);
  const because = unavailableReason(document);
  if (because) throw releaseProblem({ reason: 'not_available', because });
  await renderRelease(services, req, res, document, null, []);
}

async function sendRelease(services: Needs, req: DocumentRequest, res: Response): Promise<void> {
  const document = await findReport(services, req, res);
  // No box ticked means nobody. In JSON, leaving the field out means the usual recipients.
  const chosen = [rawField(req.body, 'recipients') ?? []].flat();
  const form = releaseRequestSchema.safeParse({ recipients: chosen });
  const released = form.success
    ? await services.documents.release(actorOf(req, res), document.id, form.data.recipients ?? [])
    : { ok: false as const, reason: 'invalid' as const };
  if (released.ok) {
    const { told } = released.value;
    const how = told === null ? 'before' : told.length > 0 ? 'told' : 'untold';
    return res.redirect(303, `${paths.booking(document.bookingId)}?released=${how}`);
  }
  if (released.reason !== 'invalid') throw releaseProblem(released);
  const errors = [
    { path: 'recipients', message: 'Somebody you chose can no longer be told. Check the list and try again' },
  ];
  await renderRelease(services, req, res.status(422), document, chosen, errors);
}

/** @param chosen the ids that were ticked; null: the booking's usual recipients */
async function renderRelease(
  services: Needs,
  req: DocumentRequest,
  res: Response,
  document: Document,
  chosen: unknown[] | null,
  errors: FieldProblem[],
): Promise<void> {
  const candidates = await services.documents.releaseCandidates(actorOf(req, res), document.id);
  const seen = await services.bookings.view(actorOf(req, res), document.bookingId);
  if (!candidates || !seen) throw notFound();
  const page: ReleasePage = {
    title: 'Release a report',
    errors,
    ...reportFacts(document, seen.booking.reference),
    organization: seen.booking.organization?.name ?? null,
    members: candidates.map(({ id, name, email, isUsual }) => ({
      id,
      name,
      email,
      isChosen: chosen ? chosen.includes(id) : isUsual,
    })),
  };
  res.render('documents/release', page);
}

async function showRecall(services: Needs, req: DocumentRequest, res: Response): Promise<void> {
  const document = await findReport(services, req, res);
  if (isDraft(document)) return res.redirect(303, `${paths.booking(document.bookingId)}?recalled=before`);
  const actor = actorOf(req, res);
  const events = await services.documents.history(actor, document.id);
  const seen = await services.bookings.view(actor, document.bookingId);
  if (!events || !seen) throw notFound();
  const zone = readerZoneOf(req.headers.cookie) ?? seen.booking.timezone;
  const page: RecallPage = {
    title: 'Recall a report',
    ...reportFacts(document, seen.booking.reference),
    openings: sinceRelease(events)
      .filter(({ what, by }) => (what === 'downloaded' || what === 'viewed') && by?.isStaff === false)
      .map((event) => ({
        who: actorOfEvent(event),
        what: event.what === 'viewed' ? 'viewed it' : 'downloaded it',
        when: stamp(event.at, zone),
        at: event.at.toISOString(),
      })),
  };
  res.render('documents/recall', page);
}

async function sendRecall(services: Needs, req: DocumentRequest, res: Response): Promise<void> {
  const document = await findReport(services, req, res);
  const recalled = await services.documents.recall(actorOf(req, res), document.id);
  if (!recalled.ok) throw releaseProblem(recalled);
  const how = recalled.value.wasReleased ? 'now' : 'before';
  res.redirect(303, `${paths.booking(document.bookingId)}?recalled=${how}`);
}

function sinceRelease(events: DocumentEvent[]): DocumentEvent[] {
  return events.slice(events.findLastIndex(({ what }) => what === 'released') + 1);
}

/** @throws Problem `not_found`, also when the document is no report */
async function findReport({ documents }: Needs, req: DocumentRequest, res: Response): Promise<Document> {
  const document = await documents.find(actorOf(req, res), req.params.id);
  if (document?.category !== 'report') throw notFound();
  return document;
}

function reportFacts(document: Document, reference: string): ReportFacts {
  const { id: documentId, bookingId, fileName } = document;
  return { documentId, bookingId, reference, fileName, facts: factsOf(document) };
}
