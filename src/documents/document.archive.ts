// Sends all documents of a booking as one ZIP file, without compression and while they are read. Each document is opened
// when the one before it has been sent, by the rules of a single download and with its audit row.
import type { Readable } from 'node:stream';
import yazl from 'yazl';
import type { Actor } from '../accounts/index.ts';
import { findVisible } from '../bookings/index.ts';
import { failure, ok, type Result } from '../lib/result.ts';
import { visibilityFor } from './document.access.ts';
import type { DocumentDeps } from './document.deps.ts';
import { openDocument, type OpenedDocument, type OpenFailure } from './document.open.ts';
import { documentsOf } from './document.repository.ts';
import { isReady, unavailableReason, type Document, type UnavailableReason } from './document.ts';

export interface DocumentArchive {
  fileName: string;
  sizeBytes: number;
  /** Fails, and so ends before `sizeBytes`, when a document turns out to be damaged, gone or withdrawn. */
  content: Readable;
}

export interface ArchivePlan {
  reference: string;
  ready: Document[];
  /** The documents that cannot be opened now. A text file in the archive names them. */
  withheld: Document[];
}

/** Null when the actor may not see the booking, or it has no document that can be opened. */
export async function planArchive(
  deps: DocumentDeps,
  actor: Actor,
  bookingId: string,
): Promise<ArchivePlan | null> {
  const booking = await findVisible(deps, actor, bookingId);
  if (!booking) return null;
  const documents = await documentsOf(deps.db, booking.id, visibilityFor(actor.viewer));
  const ready = documents.filter(isReady);
  const withheld = documents.filter((one) => !isReady(one));
  return ready.length > 0 ? { reference: booking.reference, ready, withheld } : null;
}

/** Opens the first document before it returns, so that the response can still have an error status if the store is away. */
export async function openArchive(
  deps: DocumentDeps,
  actor: Actor,
  bookingId: string,
): Promise<Result<DocumentArchive, OpenFailure>> {
  const plan = await planArchive(deps, actor, bookingId);
  const [first] = plan?.ready ?? [];
  if (!plan || !first) return failure({ reason: 'not_found' });
  const opened = await openDocument(deps, actor, first.id, null, 'archive');
  if (!opened.ok) return opened;
  let underWay: OpenedDocument | null = opened.value;

  const open = async ({ id }: Document): Promise<Readable> => {
    if (underWay?.document.id === id) return underWay.content;
    const next = await openDocument(deps, actor, id, null, 'archive');
    if (!next.ok) throw new Error(`A document of an archive cannot be opened: ${next.reason}`);
    underWay = next.value;
    // The client has disconnected meanwhile.
    if (content.destroyed) underWay.content.destroy();
    return underWay.content;
  };
  const zip = new yazl.ZipFile();
  const content = zip.outputStream as Readable;
  zip.on('error', (error: Error) => content.destroy(error));
  content.on('close', () => underWay?.content.destroy());
  const pass = async (document: Document, done: (error: null, stream: Readable) => void) => {
    try {
      const stream = await open(document);
      stream.on('error', (error) => content.destroy(error));
      done(null, stream);
    } catch (error) {
      content.destroy(error as Error);
    }
  };
  const names = uniqueNames(plan.ready.map(({ fileName }) => fileName));
  for (const [index, document] of plan.ready.entries()) {
    const facts = { compress: false, size: document.sizeBytes, mtime: document.createdAt };
    zip.addReadStreamLazy(names[index] ?? document.id, facts, (done) => void pass(document, done));
  }
  if (plan.withheld.length > 0)
    zip.addBuffer(Buffer.from(withheldText(plan.withheld)), 'NOT INCLUDED.txt', { compress: false });
  const sizeBytes = await new Promise<number>((resolve) =>
    zip.end({ forceZip64Format: false, comment: '' }, ((size: number) => resolve(size)) as () => void),
  );
  return ok({ fileName: archiveName(plan), sizeBytes, content });
}

export function archiveName({ reference }: Pick<ArchivePlan, 'reference'>): string {
  return `${reference} documents.zip`;
}

/** Makes names unique (`brief.pdf`, `brief (2).pdf`), ignoring case as Windows and macOS do. */
export function uniqueNames(names: string[]): string[] {
  const taken = new Set(['not included.txt']);
  return names.map((name) => {
    const [, stem = name, extension = ''] = /^(.+?)(\.[^.]{1,12})?$/.exec(name) ?? [];
    let unique = name;
    for (let count = 2; taken.has(unique.toLowerCase()); count++) unique = `${stem} (${count})${extension}`;
    taken.add(unique.toLowerCase());
    return unique;
  });
}

const reasonWords: Record<UnavailableReason, string> = {
  checking: 'is still being checked for viruses: try again in a few minutes',
  infected: 'was found to contain a virus',
  damaged: 'is damaged: the agency has been told',
};

function withheldText(documents: Document[]): string {
  const lines = documents.map((one) => {
    const because = unavailableReason(one);
    return `${one.fileName} ${because ? reasonWords[because] : ''}`;
  });
  return `These documents of the booking are not in this file:\r\n\r\n${lines.join('\r\n')}\r\n`;
}
