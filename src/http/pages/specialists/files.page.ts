// The photo and the CV of a specialist: shown to everybody who may book, changed by admins.
import type { Request, RequestHandler, Response } from 'express';
import multer, { MulterError } from 'multer';
import { isStaff } from '../../../accounts/index.ts';
import {
  profileFileKinds,
  profileFileRules,
  type ProfileFileFailure,
  type ProfileFileKind,
  type Specialist,
} from '../../../specialists/index.ts';
import { failure, ok, type Result } from '../../../lib/result.ts';
import { ObjectStoreUnavailable } from '../../../ports/object-store.ts';
import { actorOf, viewerOf } from '../../actor.ts';
import { openProblem } from '../../api/documents.problems.ts';
import type { PageRoute } from '../../endpoint.ts';
import { attachment, sendContent } from '../../file-response.ts';
import { paths } from '../../paths.ts';
import { forbidden, notFound } from '../../problem.ts';
import type { PageData } from '../../views.ts';
import { formatSize } from '../../../lib/sizes.ts';
import { withQuery } from '../links.ts';
import type { PageServices } from '../page-services.ts';

export interface SpecialistFilesPage extends PageData {
  specialist: { id: string; name: string };
  files: {
    kind: ProfileFileKind;
    label: string;
    rule: string;
    accept: string;
    /** Null: there is none. */
    href: string | null;
    size: string | null;
    error: string | null;
  }[];
  done: string | null;
}

type Needs = Pick<PageServices, 'specialists' | 'profileFiles'>;
type Params = { id: string; kind?: string };

const labels: Record<ProfileFileKind, string> = { photo: 'Photo', cv: 'CV' };
const accept: Record<ProfileFileKind, string> = { photo: 'image/jpeg,image/png', cv: 'application/pdf' };

export function profileFilePages(services: Needs): PageRoute[] {
  const perKind = profileFileKinds.flatMap((kind): PageRoute[] => [
    {
      method: 'get',
      path: `/specialists/:id/${kind}`,
      access: 'session',
      handle: (req, res) => sendFile(services, req as Request<Params>, res, kind),
    },
    {
      method: 'post',
      path: `/specialists/:id/${kind}`,
      access: 'admin',
      handle: (req, res) => saveFile(services, req as Request<Params>, res, kind),
    },
    {
      method: 'post',
      path: `/specialists/:id/${kind}/remove`,
      access: 'admin',
      handle: (req, res) => removeFile(services, req as Request<Params>, res, kind),
    },
  ]);
  return [
    {
      method: 'get',
      path: '/specialists/:id/files',
      access: 'admin',
      handle: (req, res) => showFiles(services, req as Request<Params>, res, null),
    },
    ...perKind,
  ];
}

async function sendFile(
  { specialists, profileFiles }: Needs,
  req: Request<Params>,
  res: Response,
  kind: ProfileFileKind,
): Promise<void> {
  const viewer = viewerOf(res);
  const specialist = await specialists.findById(req.params.id);
  if (!specialist || !(specialist.isActive || (viewer && isStaff(viewer)))) throw notFound();
  const file = await profileFiles.open(specialist.id, kind).catch((error: unknown) => {
    throw error instanceof ObjectStoreUnavailable ? openProblem({ reason: 'storage_unavailable' }) : error;
  });
  if (!file) throw notFound();
  const isNamed = req.query.v === file.version;
  res.set({
    'Content-Type': file.mimeType,
    'Content-Length': String(file.sizeBytes),
    // The address of the page names the version, so browsers keep it for good; it is no health information.
    'Cache-Control': isNamed ? 'private, max-age=31536000, immutable' : 'private, no-cache',
    'Content-Security-Policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
    ...(kind === 'cv' && { 'Content-Disposition': attachment(`CV ${specialist.name}.pdf`) }),
  });
  if (req.method === 'HEAD') {
    file.content.destroy();
    return void res.end();
  }
  await sendContent(file.content, res);
}

async function saveFile(
  services: Needs,
  req: Request<Params>,
  res: Response,
  kind: ProfileFileKind,
): Promise<void> {
  const received = await receiveOne(req, res, kind);
  const { id } = req.params;
  const saved = received.ok
    ? await services.profileFiles.save(actorOf(req, res), id, kind, received.value)
    : received;
  if (saved.ok) return res.redirect(303, withQuery(paths.specialistFiles(id), { saved: kind }));
  await refuse(services, req, res, { kind, message: messageFor(saved) });
}

async function removeFile(
  services: Needs,
  req: Request<Params>,
  res: Response,
  kind: ProfileFileKind,
): Promise<void> {
  const removed = await services.profileFiles.remove(actorOf(req, res), req.params.id, kind);
  if (removed.ok)
    return res.redirect(303, withQuery(paths.specialistFiles(req.params.id), { removed: kind }));
  await refuse(services, req, res, { kind, message: messageFor(removed) });
}

interface Refusal {
  kind: ProfileFileKind;
  message: string;
}

async function refuse(services: Needs, req: Request<Params>, res: Response, failed: Refusal): Promise<void> {
  res.status(422);
  await showFiles(services, req, res, failed);
}

/** @throws Problem for what is no fault of the file */
function messageFor(failed: ProfileFileFailure): string {
  switch (failed.reason) {
    case 'not_found':
      throw notFound();
    case 'forbidden':
      throw forbidden();
    case 'unavailable':
      throw openProblem({ reason: 'storage_unavailable' });
    case 'refused':
      return failed.message;
    default:
      return failed satisfies never;
  }
}

/** These files are small: they are checked in memory, and stored only once they have passed. */
async function receiveOne(
  req: Request,
  res: Response,
  kind: ProfileFileKind,
): Promise<Result<Buffer, ProfileFileFailure>> {
  const { maxBytes, words } = profileFileRules[kind];
  if (!req.is('multipart/form-data')) return failure({ reason: 'refused', message: 'Choose a file' });
  const read: RequestHandler = multer({
    storage: multer.memoryStorage(),
    limits: { fileSize: maxBytes, files: 1, fields: 2, fieldSize: 1_024, parts: 4 },
  }).single('file');
  const error = await new Promise<unknown>((resolve) => {
    void read(req, res, resolve);
  });
  if (error instanceof MulterError && error.code === 'LIMIT_FILE_SIZE')
    return failure({ reason: 'refused', message: words });
  if (error)
    return failure({ reason: 'refused', message: 'The file did not arrive completely: send it again' });
  const { file } = req;
  if (!file || file.size === 0) return failure({ reason: 'refused', message: 'Choose a file' });
  return ok(file.buffer);
}

async function showFiles(
  { specialists }: Needs,
  req: Request<Params>,
  res: Response,
  failed: Refusal | null,
): Promise<void> {
  const specialist = await specialists.findById(req.params.id);
  if (!specialist) throw notFound();
  const { id, name } = specialist;
  const page: SpecialistFilesPage = {
    title: `Photo and CV of ${name}`,
    specialist: { id, name },
    files: profileFileKinds.map((kind) => fileRow(specialist, kind, failed)),
    done: doneWords(req.query),
    errors: failed ? [{ path: failed.kind, message: failed.message }] : undefined,
  };
  res.render('specialists/files', page);
}

function fileRow(
  { id, profile }: Specialist,
  kind: ProfileFileKind,
  failed: Refusal | null,
): SpecialistFilesPage['files'][number] {
  const file = profile[kind];
  return {
    kind,
    label: labels[kind],
    rule: profileFileRules[kind].words,
    accept: accept[kind],
    href: file && withQuery(paths.specialistFile(id, kind), { v: file.version }),
    size: file && formatSize(file.sizeBytes),
    error: failed?.kind === kind ? failed.message : null,
  };
}

function doneWords({ saved, removed }: Request['query']): string | null {
  const kindOf = (given: unknown) => profileFileKinds.find((kind) => kind === given);
  const [savedKind, removedKind] = [kindOf(saved), kindOf(removed)];
  if (savedKind) return `${labels[savedKind]} saved`;
  return removedKind ? `${labels[removedKind]} removed` : null;
}
