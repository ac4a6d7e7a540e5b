// Checks a file's bytes on their way into the store: counts and hashes them, and stops as soon as they cannot be an
// accepted kind.
import { Transform, type TransformCallback } from 'node:stream';
import { ContentRefused, type RandomAccess } from './content.ts';
import { inspectCompoundFile } from './cfb.ts';
import { createDigest, type Digest } from './hashes.ts';
import { headBytes, inspectHead } from './head.ts';
import { createMailCheck, looksLikeMail } from './mail.ts';
import { inspectMp3 } from './mp3.ts';
import { inspectMp4 } from './mp4.ts';
import { inspectPdf } from './pdf.ts';
import { createTextCheck, type TextCheck } from './text.ts';
import { inspectZip } from './zip.ts';
import { fitsName, mayBeNamed, type DocumentKind } from './kinds.ts';

export interface InspectionRules {
  maxBytes: number;
  accepted: readonly DocumentKind[];
  /** What the file's name claims (claimedExtension); null: nothing. */
  extension: string | null;
}

export interface Inspection {
  /** Passes bytes through; fails with ContentRefused when they cannot be accepted. */
  stream: Transform;
  /** Call after the stream has ended. */
  digest(): Digest;
  /** Decides the kind; reads the stored file where only the whole file can tell. @throws ContentRefused */
  decideKind(stored: RandomAccess): Promise<DocumentKind>;
}

type Container = 'zip_container' | 'cfb_container' | 'mp4_container' | 'mp3_container';
type Candidate = DocumentKind | Container;

/** The kinds that each container may hold. */
const kindsIn = {
  zip_container: ['zip', 'docx', 'xlsx'],
  cfb_container: ['doc', 'xls', 'msg'],
  mp4_container: ['m4a'],
  mp3_container: ['mp3'],
} as const satisfies Record<Container, DocumentKind[]>;

export function createInspection(rules: InspectionRules): Inspection {
  const digest = createDigest();
  /** Bytes held back until the head is complete; null afterwards. */
  let held: Buffer[] | null = [];
  let candidate: Candidate | null = null;
  let text: TextCheck | null = null;
  let finished: Digest | null = null;

  const decide = async (): Promise<Buffer> => {
    const head = Buffer.concat(held ?? []);
    held = null;
    candidate = await candidateFor(head, rules, head.length < headBytes);
    if (candidate === 'txt' || candidate === 'eml') {
      text = candidate === 'txt' ? createTextCheck() : createMailCheck();
      if (!text.update(head)) throw new ContentRefused('unsupported_type');
    }
    return head;
  };

  const begin = async (done: TransformCallback): Promise<void> => {
    let head: Buffer;
    try {
      head = await decide();
    } catch (error) {
      return done(error as Error);
    }
    done(null, head);
  };

  const stream = new Transform({
    transform(bytes: Buffer, _encoding, done: TransformCallback) {
      digest.update(bytes);
      if (digest.bytes() > rules.maxBytes) return done(new ContentRefused('too_large'));
      if (!held) {
        if (text && !text.update(bytes)) return done(new ContentRefused('unsupported_type'));
        return done(null, bytes);
      }
      held.push(bytes);
      if (digest.bytes() < headBytes) return done();
      void begin(done);
    },
    flush(done: TransformCallback) {
      if (digest.bytes() === 0) return done(new ContentRefused('empty'));
      const close: TransformCallback = (error, head) => {
        if (error) return done(error);
        if (text && !text.isText()) return done(new ContentRefused('unsupported_type'));
        finished = digest.end();
        done(null, head);
      };
      if (held) void begin(close);
      else close(null);
    },
  });

  return {
    stream,
    digest() {
      if (!finished) throw new Error('digest was called before the stream ended');
      return finished;
    },
    async decideKind(stored) {
      if (!candidate) throw new Error('decideKind was called before the stream ended');
      const kind = await kindOf(candidate, stored);
      refuseUnlessFit(kind, rules);
      return kind;
    },
  };
}

async function kindOf(candidate: Candidate, stored: RandomAccess): Promise<DocumentKind> {
  if (candidate === 'zip_container') return inspectZip(stored);
  if (candidate === 'cfb_container') return inspectCompoundFile(stored);
  if (candidate === 'mp3_container') return inspectMp3(stored);
  if (candidate === 'pdf') return inspectPdf(stored);
  return candidate === 'mp4_container' ? inspectMp4(stored) : candidate;
}

/** What the file may be, by its head and its extension. @throws ContentRefused when it cannot be accepted */
async function candidateFor(head: Buffer, rules: InspectionRules, isWhole: boolean): Promise<Candidate> {
  if (!mayBeNamed(rules.accepted, rules.extension)) throw new ContentRefused('unsupported_type');
  // Only for .eml or no extension: a letter named .txt may begin with "From:" and "Date:".
  const mayBeMail = rules.accepted.includes('eml') && [null, 'eml'].includes(rules.extension);
  if (mayBeMail && looksLikeMail(head.subarray(0, headBytes), isWhole, rules.extension === 'eml'))
    return 'eml';
  const found = await inspectHead(head, rules.extension);
  if (found.is === 'kind') {
    refuseUnlessFit(found.kind, rules);
    return found.kind;
  }
  if (found.is === 'zip' || found.is === 'cfb' || found.is === 'mp4' || found.is === 'mp3') {
    const container = `${found.is}_container` as const;
    const kinds = kindsIn[container].filter((kind) => rules.accepted.includes(kind));
    if (kinds.length === 0) throw new ContentRefused('unsupported_type');
    // DOCX and XLSX with a password are compound files: inspecting the file gives the true reason, `encrypted`.
    const mayBeEncrypted = found.is === 'cfb' && ['docx', 'xlsx'].includes(rules.extension ?? '');
    // Most ISO media files are videos, which no other extension would make acceptable.
    if (!mayBeEncrypted && !mayBeNamed(kinds, rules.extension))
      throw new ContentRefused(found.is === 'mp4' ? 'unsupported_type' : 'name_mismatch');
    return container;
  }
  // Text can begin like another format ("BMI" like a bitmap, "FORM" like a recording), so it is checked to its end.
  const mayBeText = rules.extension === 'txt' || rules.extension === null;
  if (!mayBeText || !rules.accepted.includes('txt')) throw new ContentRefused('unsupported_type');
  return 'txt';
}

function refuseUnlessFit(kind: DocumentKind, { accepted, extension }: InspectionRules): void {
  if (!accepted.includes(kind)) throw new ContentRefused('unsupported_type');
  if (!fitsName(kind, extension)) throw new ContentRefused('name_mismatch');
}
