import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';

/** Once it has begun, only a broken connection tells that it failed: the client sees less than was promised. */
export async function sendContent(content: Readable, res: Response): Promise<void> {
  try {
    await pipeline(content, res);
  } catch {
    res.destroy();
  } finally {
    // A client that left before the first byte leaves nobody else to close what it is read from.
    content.destroy();
  }
}
