// One request, and the answer as it is on the wire: other clients decompress it, and do not expect one before they have
// sent a body.
import { request } from 'node:http';

export interface Answer {
  status: number;
  headers: Record<string, string | undefined>;
  body: Buffer;
}

export function ask(
  url: URL,
  method: string,
  headers: Record<string, string>,
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(url, { method, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => {
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers as Answer['headers'],
          body: Buffer.concat(parts),
        });
      });
    })
      .on('error', reject)
      .end(body);
  });
}
