import {
  listKinds,
  type ContentFault,
  type DocumentService,
  type OpenFailure,
  type ReleaseFailure,
  type UnavailableReason,
  type UploadFailure,
} from '../../documents/index.ts';
import { badRequest, conflict, forbidden, invalid, notFound, notSignedIn, Problem } from '../problem.ts';

/** Why a request with files failed: refused by the documents room, or broken on the way. */
export type ReceiveFailure =
  | UploadFailure
  | { reason: 'not_multipart' }
  | { reason: 'malformed' }
  | { reason: 'aborted' };

const retryAfter = { headers: { 'Retry-After': '30' } };

/** The limits that messages about uploads mention. */
export interface UploadLimits {
  /** "PDF, Word, …" */
  kinds: string;
  maxBytes: number;
}

export function uploadLimits({ limits }: Pick<DocumentService, 'limits'>): UploadLimits {
  return { kinds: listKinds(limits.kinds), maxBytes: limits.maxBytes };
}

/** Names files by their position, because file names are health information. */
export function uploadProblem(failure: ReceiveFailure, limits: UploadLimits): Problem {
  switch (failure.reason) {
    case 'not_found':
      return notFound();
    case 'forbidden':
      return forbidden('Your role cannot upload documents of this category.');
    case 'booking_cancelled':
      return conflict('already_cancelled', 'This booking is cancelled: nothing can be added to it.');
    case 'invalid':
      return invalid(failure.errors);
    case 'content':
      return contentProblem(failure, limits);
    case 'not_direct':
      return new Problem(
        'not_found',
        'Direct uploads are not configured here. Send the files to `/bookings/:id/documents`.',
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
      return badRequest('The body is not valid multipart/form-data.');
    case 'signed_out':
      break;
  }
  return notSignedIn();
}

type ContentFailure = Extract<UploadFailure, { reason: 'content' }>;

function contentProblem({ position, fault }: ContentFailure, limits: UploadLimits): Problem {
  const message = `File ${position} ${contentMessage(fault, limits)}`;
  // The upload form lists the accepted types beside this message; programs read them in the detail.
  const what = fault === 'unsupported_type' ? `File ${position} ${unsupported(limits.kinds)}` : message;
  const detail = `${what}. Nothing was stored.`;
  const errors = [{ path: 'files', message }];
  if (fault === 'too_large') return new Problem('too_large', detail, { errors });
  if (fault === 'empty') return invalid(errors, detail);
  return new Problem('unsupported_type', detail, { errors, extra: { because: fault } });
}

/** @param kinds "PDF, Word, …" */
function unsupported(kinds: string): string {
  return `is not an accepted file type: use ${kinds}. Its content counts, not its name`;
}

function contentMessage(fault: ContentFault, { kinds, maxBytes }: UploadLimits): string {
  switch (fault) {
    case 'empty':
      return 'is empty: choose another file';
    case 'too_large':
      return `is larger than ${megabytes(maxBytes)}: split it, or make it smaller`;
    case 'unsupported_type':
      return unsupported(`${kinds.split(', ', 1).join()}, or another type that the form lists`);
    case 'name_mismatch':
      return 'does not match the ending of its name: correct the ending, or save it again as that type';
    case 'zip_bomb':
      return 'unpacks to far more than it should: upload its contents without packing them';
    case 'encrypted':
      return 'is protected by a password: remove the password and upload it again; the connection is encrypted';
    case 'macros':
      return 'has macros in it: save it without them, or as PDF';
    case 'unsafe_names':
      return 'has names in it that lead out of its folder (“..”): pack it again from inside the folder';
    case 'odd_packing':
      return 'is packed in a way that cannot be checked: pack it as an ordinary ZIP (Deflate)';
    case 'altered':
      return 'was changed on the way: upload it again';
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
      return new Problem('range_not_satisfiable', 'The requested range is beyond the end of the document.', {
        headers: { 'Content-Range': `bytes */${failure.sizeBytes}` },
      });
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
  return new Problem('document_unavailable', unavailableDetails[because], {
    extra: { because },
    ...(because === 'checking' && { headers: { 'Retry-After': '10' } }),
  });
}

export function releaseProblem(failure: ReleaseFailure): Problem {
  switch (failure.reason) {
    case 'not_found':
      return notFound();
    case 'forbidden':
      return forbidden('Only staff can release and recall reports.');
    case 'not_a_report':
      return invalid(
        [{ path: 'category', message: 'Only reports can be released and recalled' }],
        'This document is not a report. Referrers see documents of its category without a release, or never.',
      );
    case 'invalid':
      return invalid(failure.errors);
    case 'not_available':
      break;
  }
  return withheldProblem(failure, 'report');
}

/** Its bytes are withheld, so referrers cannot be shown it. */
export function withheldProblem(
  { because }: { because: UnavailableReason },
  what: 'report' | 'document',
): Problem {
  const detail = {
    checking: `This ${what} is still being checked for viruses. Referrers can be shown it once the check has finished.`,
    infected: `A virus was found in this ${what}, and it was removed. Upload a clean copy and use that.`,
    damaged: `This ${what} is damaged. Upload it again and use that copy.`,
  }[because];
  return new Problem('document_unavailable', detail, { extra: { because } });
}

const unavailableDetails = {
  checking: 'This document is being checked for viruses. Try again in a moment.',
  infected: 'A virus was found in this document. It was removed; send a clean copy.',
  damaged: 'This document is damaged and cannot be downloaded. We have been told; ask for a new copy.',
} as const;
