import {
  listKinds,
  type ContentFault,
  type DocumentService,
  type OpenFailure,
  type ReleaseFailure,
  type UploadFailure,
} from '../../documents/index.ts';
import { badRequest, conflict, forbidden, invalid, notFound, notSignedIn, Problem } from '../problem.ts';

/** What the room refuses, and what can befall a request with files on its way. */
export type ReceiveFailure =
  | UploadFailure
  | { reason: 'not_multipart' }
  | { reason: 'malformed' }
  | { reason: 'aborted' }
  | { reason: 'signed_out' };

const retryAfter = { headers: { 'Retry-After': '30' } };

/** What messages about uploads tell of the limits. */
export interface UploadWords {
  /** "PDF, Word, …" */
  kinds: string;
  maxBytes: number;
}

export function uploadWords({ limits }: Pick<DocumentService, 'limits'>): UploadWords {
  return { kinds: listKinds(limits.kinds), maxBytes: limits.maxBytes };
}

/** The stable codes of api.md. Files are spoken of by their place: names are health information. */
export function uploadProblem(failure: ReceiveFailure, words: UploadWords): Problem {
  switch (failure.reason) {
    case 'not_found':
      return notFound();
    case 'forbidden':
      return forbidden('Your role does not upload documents of this category.');
    case 'booking_cancelled':
      return conflict('already_cancelled', 'This booking is cancelled: nothing can be added to it.');
    case 'invalid':
      return invalid(failure.errors);
    case 'content':
      return contentProblem(failure, words);
    case 'not_direct':
      return new Problem(
        'not_found',
        'Files do not go past the app here: send them to the documents themselves.',
      );
    case 'too_slow':
      return new Problem('invalid', 'The upload took too long. Send fewer files at once.', {
        errors: [{ path: 'files', message: 'Send fewer files at once' }],
      });
    case 'storage_unavailable':
      return new Problem(
        'storage_unavailable',
        'We can’t reach the file store right now. Nothing was stored. Try again shortly.',
        retryAfter,
      );
    case 'not_multipart':
      return new Problem(
        'unsupported_type',
        'Send the files as multipart/form-data: category first, then files.',
      );
    case 'malformed':
    case 'aborted':
      return badRequest('The body is not the multipart/form-data that its content type says.');
    case 'signed_out':
      break;
  }
  return notSignedIn();
}

type ContentFailure = Extract<UploadFailure, { reason: 'content' }>;

function contentProblem({ position, fault }: ContentFailure, words: UploadWords): Problem {
  const message = `File ${position} ${contentWords(fault, words)}`;
  const detail = `${message}. Nothing was stored.`;
  const errors = [{ path: 'files', message }];
  if (fault === 'too_large') return new Problem('too_large', detail, { errors });
  if (fault === 'empty') return invalid(errors, detail);
  return new Problem('unsupported_type', detail, { errors, extra: { because: fault } });
}

function contentWords(fault: ContentFault, { kinds, maxBytes }: UploadWords): string {
  switch (fault) {
    case 'empty':
      return 'is empty: choose one with something in it';
    case 'too_large':
      return `is larger than ${megabytes(maxBytes)}: split it, or make it smaller`;
    case 'unsupported_type':
      return `is not an accepted file type: use ${kinds}`;
    case 'name_mismatch':
      return 'does not match the ending of its name: correct the ending, or save it again as that type';
    case 'zip_bomb':
      return 'unpacks to far more than it should: send its contents without packing them';
    case 'encrypted':
      return 'is protected by a password: remove the password and upload it again; the connection is encrypted';
    case 'macros':
      return 'has macros in it: save it without them, or as PDF';
    case 'altered':
      return 'did not arrive as it was sent: send it again';
    case 'broken':
      break;
  }
  return 'is damaged or cut short: open it to check, and save it again';
}

export function megabytes(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${Math.floor(bytes / (1024 * 1024))} MB` : `${bytes} bytes`;
}

export function openProblem(failure: OpenFailure): Problem {
  switch (failure.reason) {
    case 'not_found':
      return notFound();
    case 'range_not_satisfiable':
      return new Problem(
        'range_not_satisfiable',
        'The document is shorter than the part that was asked for.',
        {
          headers: { 'Content-Range': `bytes */${failure.sizeBytes}` },
        },
      );
    case 'storage_unavailable':
      return new Problem(
        'storage_unavailable',
        'We can’t reach the file store right now. Try again shortly.',
        retryAfter,
      );
    case 'not_available':
      break;
  }
  const { because } = failure;
  return new Problem('document_unavailable', unavailableWords[because], {
    extra: { because },
    ...(because === 'checking' && { headers: { 'Retry-After': '10' } }),
  });
}

export function releaseProblem(failure: ReleaseFailure): Problem {
  switch (failure.reason) {
    case 'not_found':
      return notFound();
    case 'forbidden':
      return forbidden('Only staff release and recall reports.');
    case 'not_a_report':
      return invalid(
        [{ path: 'category', message: 'Only reports are released and recalled' }],
        'This document is not a report. Referrers see documents of its category without a release, or never.',
      );
    case 'invalid':
      return invalid(failure.errors);
    case 'not_available':
      break;
  }
  const { because } = failure;
  return new Problem('document_unavailable', unreleasableWords[because], { extra: { because } });
}

const unreleasableWords = {
  checking: 'This report is still being checked for viruses. Release it once the check has finished.',
  infected: 'A virus was found in this report, and it was removed. Upload a clean copy and release that.',
  damaged:
    'This report is damaged: the stored file is not the one that was received. Upload it again and release that copy.',
} as const;

const unavailableWords = {
  checking: 'This document is being checked for viruses. Try again in a moment.',
  infected: 'A virus was found in this document. It was removed; send a clean copy.',
  damaged:
    'This document is not what was received any more, so it is not handed out. We have been told; ask for a new copy.',
} as const;
