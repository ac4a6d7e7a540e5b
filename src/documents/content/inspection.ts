// What happens to a file's bytes on their way into the store: counted, hashed, and stopped as soon as they cannot
// be what we take.
import { Transform, type TransformCallback } from 'node:stream';
import { ContentRefused, type RandomAccess } from './content.ts';
import { lookThroughCompoundFile } from './cfb.ts';
import { createDigest, type Digest } from './hashes.ts';
import { headBytes, lookAtHead } from './head.ts';
import { createMailCheck, looksLikeMail } from './mail.ts';
import { lookThroughMp3 } from './mp3.ts';
import { lookThroughMp4 } from './mp4.ts';
import { createTextCheck, type TextCheck } from './text.ts';
import { lookThroughZip } from './zip.ts';
import { allKinds, fitsName, type DocumentKind } from './kinds.ts';

export interface InspectionRules {
  maxBytes: number;
  accepted: readonly DocumentKind[];
  /** Of the name it came with; null when it has none. */
  extension: string | null;
}

export interface Inspection {
  /** Bytes in, the same bytes out; ends with ContentRefused when they cannot be taken. */
  stream: Transform;
  /** After the stream has ended. */
  digest(): Digest;
  /** Looks into what only the whole file can tell. @throws ContentRefused */
  settle(stored: RandomAccess): Promise<DocumentKind>;
}

type Container = 'some_zip' | 'some_cfb' | 'some_mp4' | 'some_mp3';
type Promising = DocumentKind | Container;

/** Which kinds a container may turn out to be. */
const inside = {
  some_zip: ['zip', 'docx', 'xlsx'],
  some_cfb: ['doc', 'xls', 'msg'],
  some_mp4: ['m4a'],
  some_mp3: ['mp3'],
} as const satisfies Record<Container, DocumentKind[]>;

export function createInspection(rules: InspectionRules): Inspection {
  const digest = createDigest();
  let held: Buffer[] | null = [];
  let promising: Promising | null = null;
  let text: TextCheck | null = null;
  let finished: Digest | null = null;

  const decide = async (): Promise<Buffer> => {
    const head = Buffer.concat(held ?? []);
    held = null;
    promising = await promise(head, rules, head.length < headBytes);
    if (promising === 'txt' || promising === 'eml') {
      text = promising === 'txt' ? createTextCheck() : createMailCheck();
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
      if (!finished) throw new Error('The content has not come to its end');
      return finished;
    },
    async settle(stored) {
      if (!promising) throw new Error('The content has not been looked at');
      const kind = await insideOf(promising, stored);
      refuseUnlessFit(kind, rules);
      return kind;
    },
  };
}

async function insideOf(promising: Promising, stored: RandomAccess): Promise<DocumentKind> {
  if (promising === 'some_zip') return lookThroughZip(stored);
  if (promising === 'some_cfb') return lookThroughCompoundFile(stored);
  if (promising === 'some_mp3') return lookThroughMp3(stored);
  return promising === 'some_mp4' ? lookThroughMp4(stored) : promising;
}

/** What the head lets one hope for. @throws ContentRefused when there is no hope */
async function promise(head: Buffer, rules: InspectionRules, isWhole: boolean): Promise<Promising> {
  const named = allKinds.filter((kind) => rules.extension !== null && fitsName(kind, rules.extension));
  if (named.length > 0 && !named.some((kind) => rules.accepted.includes(kind)))
    throw new ContentRefused('unsupported_type');
  // Asked first, of what calls itself a mail or nothing: a letter named .txt may begin with "From:" and "Date:".
  const mayBeMail = rules.accepted.includes('eml') && [null, 'eml'].includes(rules.extension);
  if (mayBeMail && looksLikeMail(head.subarray(0, headBytes), isWhole)) return 'eml';
  const found = await lookAtHead(head, rules.extension);
  if (found.is === 'kind') {
    refuseUnlessFit(found.kind, rules);
    return found.kind;
  }
  if (found.is === 'zip' || found.is === 'cfb' || found.is === 'mp4' || found.is === 'mp3') {
    const container = `some_${found.is}` as const;
    const kinds = inside[container].filter((kind) => rules.accepted.includes(kind));
    if (kinds.length === 0) throw new ContentRefused('unsupported_type');
    // With a password, DOCX and XLSX are compound files: looking through it tells the true reason.
    const mayBeEncrypted = found.is === 'cfb' && ['docx', 'xlsx'].includes(rules.extension ?? '');
    // Most that begin like a film are one, which no other name would make welcome.
    if (!mayBeEncrypted && !kinds.some((kind) => fitsName(kind, rules.extension)))
      throw new ContentRefused(found.is === 'mp4' ? 'unsupported_type' : 'name_mismatch');
    return container;
  }
  // Letters can begin like another format ("BM…" like a bitmap): what calls itself text is read to its end.
  const mayBeText = rules.extension === 'txt' || (rules.extension === null && found.is === 'unknown');
  if (!mayBeText || !rules.accepted.includes('txt')) throw new ContentRefused('unsupported_type');
  return 'txt';
}

function refuseUnlessFit(kind: DocumentKind, { accepted, extension }: InspectionRules): void {
  if (!accepted.includes(kind)) throw new ContentRefused('unsupported_type');
  if (!fitsName(kind, extension)) throw new ContentRefused('name_mismatch');
}
