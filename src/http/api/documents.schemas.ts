// A document as JSON says it (api.md): what the OpenAPI document promises.
import { z } from 'zod';
import { documentStatuses, type Document } from '../../documents/index.ts';
import { paths } from '../paths.ts';

const person = z.object({ id: z.uuid(), name: z.string() });

export const documentSchema = z.object({
  id: z.uuid(),
  fileName: z.string(),
  mimeType: z.string().describe('As the content says, whatever the name said'),
  sizeBytes: z.int(),
  sha256: z.string().describe('Of the bytes as they were received, in hex'),
  // The document is public, and not everybody is to know of every category.
  category: z.string(),
  status: z
    .enum(documentStatuses)
    .describe('Downloads begin when it is `clean`, or `not_scanned` where no scan is set up'),
  createdAt: z.iso.datetime().describe('ISO 8601, UTC'),
  releasedAt: z.iso
    .datetime()
    .nullable()
    .optional()
    .describe('Only of a report: since when the referrer can see it; null: a draft, which only staff see'),
  uploadedBy: person.describe('The referrer or member of staff whose upload it is'),
  uploadedFor: person.nullable().describe('The admin who made it while acting as that referrer'),
  url: z.string(),
});

export function documentJson(document: Document): z.input<typeof documentSchema> {
  const { bookingId: _, damagedAt: __, createdAt, releasedAt, ...facts } = document;
  return {
    ...facts,
    createdAt: createdAt.toISOString(),
    ...(document.category === 'report' && { releasedAt: releasedAt?.toISOString() ?? null }),
    url: paths.document(document.id),
  };
}
