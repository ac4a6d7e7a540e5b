// What the room promises. Failures are values; see document.upload.ts for what may be thrown inside streams.
import type { Readable } from 'node:stream';
import type { Actor, Viewer } from '../accounts/index.ts';
import type { Result } from '../lib/result.ts';
import type { PartAddress } from '../ports/object-store.ts';
import type { ContentFault } from './content/index.ts';
import type { DocumentLimits } from './document.deps.ts';
import type { Document, DocumentCategory, HeldBack } from './document.ts';

export type UploadFailure =
  | { reason: 'not_found' }
  | { reason: 'forbidden' }
  | { reason: 'booking_cancelled' }
  | { reason: 'invalid'; errors: { path: string; message: string }[] }
  /** `position`: which file of the request, from 1. Its name is health information and stays out of errors. */
  | { reason: 'content'; position: number; fault: ContentFault }
  /** Uploads from the browser to the store are not set up. */
  | { reason: 'not_direct' }
  | { reason: 'too_slow' }
  | { reason: 'storage_unavailable' };

/** One request with files. Exactly one of `finish` and `abandon` ends it. */
export interface UploadSession {
  /**
   * The next file, as it comes in: `content` is what must be stored at `key`.
   * @throws UploadRefused
   */
  admit(
    category: unknown,
    file: { originalName: string; stream: Readable },
  ): { key: string; content: Readable };
  /** What the first refused file was refused for. */
  refusal(): UploadFailure | null;
  /** All files are stored: makes them documents, all or none. */
  finish(actor: Actor, category: unknown): Promise<Result<Document[], UploadFailure>>;
  /** Takes back what was stored; what cannot be, the sweeper does. Writes `document.refused`. */
  abandon(why: string): Promise<void>;
}

/** A file that goes part by part from the browser to the store. */
export interface DirectUpload {
  id: string;
  /** Each part but the last has this many bytes. */
  partBytes: number;
  partCount: number;
  expiresAt: Date;
}

export interface PartOffer {
  partNumber: number;
  /** Null: the store has it already. Else where to PUT it, until when, and with which headers. */
  send: (PartAddress & { expiresAt: Date }) | null;
}

/** Hex. */
export interface PartClaim {
  partNumber: number;
  sha256: string;
}

/** Why an upload is given up: by the person, or because the browser cannot send to the store. */
export const cancelReasons = ['cancelled', 'unreachable'] as const;
export type CancelReason = (typeof cancelReasons)[number];

/** Uploads past the app. What they do not find is `not_found`: not the person's, expired, or refused before. */
export interface DirectUploads {
  /** Of the store, for the pages' Content-Security-Policy; null: not set up, and every method fails. */
  readonly origin: string | null;
  /** Files of this size and larger go directly; smaller ones through the app. Bytes. */
  readonly fromBytes: number;
  /** `resumed`: it was under way already, with some of its parts. */
  start(
    actor: Actor,
    bookingId: string,
    file: { fileName: string; sizeBytes: number; category: unknown },
  ): Promise<Result<{ upload: DirectUpload; resumed: boolean }, UploadFailure>>;
  offer(
    actor: Actor,
    bookingId: string,
    uploadId: string,
    parts: PartClaim[],
  ): Promise<Result<PartOffer[], UploadFailure>>;
  /** All parts are sent: makes it a document by the same rules. Asked again, it answers the same. */
  complete(
    actor: Actor,
    bookingId: string,
    uploadId: string,
    parts: PartClaim[],
  ): Promise<Result<Document[], UploadFailure>>;
  cancel(
    actor: Actor,
    bookingId: string,
    uploadId: string,
    why: CancelReason,
  ): Promise<Result<null, UploadFailure>>;
}

export class UploadRefused extends Error {
  override readonly name = 'UploadRefused';
  readonly failure: UploadFailure;
  constructor(failure: UploadFailure) {
    super(`The upload is refused: ${failure.reason}`);
    this.failure = failure;
  }
}

export type OpenFailure =
  | { reason: 'not_found' }
  | { reason: 'range_not_satisfiable'; sizeBytes: number }
  /** It is there, and its bytes are not handed out: still being scanned, found infected, or not what was received. */
  | { reason: 'not_available'; because: HeldBack }
  | { reason: 'storage_unavailable' };

export interface WantedRange {
  /** From the end when `start` is null: `end` bytes. */
  start: number | null;
  end: number | null;
}

export interface OpenedDocument {
  document: Document;
  /** Both ends included; null: the whole. */
  range: { start: number; end: number } | null;
  /** Checked piece by piece before it is handed on; fails rather than give one wrong byte. */
  content: Readable;
}

export type ReleaseFailure =
  | { reason: 'not_found' }
  | { reason: 'forbidden' }
  | { reason: 'not_a_report' }
  /** Its bytes would not be handed out either. */
  | { reason: 'not_available'; because: HeldBack }
  | { reason: 'invalid'; errors: { path: string; message: string }[] };

export interface Released {
  document: Document;
  /** Ids of those who are told; null: it was released already, and nobody is told again. */
  told: string[] | null;
}

export interface Recalled {
  document: Document;
  /** False: it was a draft already. */
  wasReleased: boolean;
}

/** An active member of the organisation that the booking belongs to now. */
export interface ReleaseCandidate {
  id: string;
  name: string;
  email: string;
  /** Told unless the caller names the recipients. */
  isUsual: boolean;
}

export interface DocumentService {
  limits: DocumentLimits;
  direct: DirectUploads;
  begin(actor: Actor, bookingId: string): Promise<Result<UploadSession, UploadFailure>>;
  /** Those of a booking that the viewer may see the booking of; dictations and draft reports are for staff only. */
  list(viewer: Viewer, bookingId: string): Promise<Document[]>;
  /** The same in short, for whoever watches it: another when anything of what is shown has changed. */
  listState(viewer: Viewer, bookingId: string): Promise<string>;
  /** Null when unknown, or not theirs to know of. */
  find(actor: Actor, id: string): Promise<Document | null>;
  /** Writes `document.downloaded`; as a failure, when the bytes are not those received. */
  open(
    actor: Actor,
    id: string,
    wanted: WantedRange | null,
    purpose?: 'download' | 'view',
  ): Promise<Result<OpenedDocument, OpenFailure>>;
  remove(actor: Actor, id: string): Promise<Result<null, { reason: 'not_found' } | { reason: 'forbidden' }>>;
  /** From now on referrers see the report. @param recipients who is told; null: the booking's usual ones */
  release(
    actor: Actor,
    id: string,
    recipients: readonly string[] | null,
  ): Promise<Result<Released, ReleaseFailure>>;
  /** Takes a release back: the report is a draft again. */
  recall(actor: Actor, id: string): Promise<Result<Recalled, ReleaseFailure>>;
  /** Who may be told of a release, by name; null when it is no report, or not the actor's to release. */
  releaseCandidates(actor: Actor, id: string): Promise<ReleaseCandidate[] | null>;
  /** What a viewer may upload to a booking that they may see. */
  categoriesFor(viewer: Viewer): DocumentCategory[];
  /** Who received, opened or deleted it, oldest first; null when it is not the viewer's to know of. */
  history(actor: Actor, id: string): Promise<DocumentEvent[] | null>;
}

export interface DocumentEvent {
  what: 'uploaded' | 'downloaded' | 'viewed' | 'found_damaged' | 'released' | 'recalled';
  at: Date;
  by: { id: string; name: string; isStaff: boolean } | null;
  /** The admin at the keyboard. */
  actingAdmin: { id: string; name: string } | null;
  /** Of a release: who was told. To a referrer, only those of the own organisation. */
  told: { id: string; name: string }[];
  /** Of a report: whether referrers could see it then. */
  whileReleased: boolean;
}
