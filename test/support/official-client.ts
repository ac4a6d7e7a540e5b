// Acuity's own client for Node (npm `acuityscheduling`), pointed at a simulated Acuity.
import { createRequire } from 'node:module';

export interface AcuityReply<T> {
  status: number;
  body: T;
}
interface AskOptions {
  method?: string;
  body?: unknown;
  qs?: Record<string, unknown>;
}
interface OfficialClient {
  request(
    path: string,
    options: AskOptions,
    done: (error: Error | null, response: { statusCode: number }, body: unknown) => void,
  ): void;
}
interface OfficialSdk {
  basic(options: { userId: string; apiKey: string; base: string }): OfficialClient;
  bodyParserVerify(secret: string): (req: unknown, res: unknown, buffer: Buffer) => void;
}
export type Ask = <T>(path: string, options?: AskOptions) => Promise<AcuityReply<T>>;

export const credentials = { userId: '11100001', apiKey: 'demo-acuity-key' };

// CommonJS, without types.
export const sdk = createRequire(import.meta.url)('acuityscheduling') as OfficialSdk;

export function officialClient(base: string, apiKey = credentials.apiKey): Ask {
  const client = sdk.basic({ ...credentials, apiKey, base });
  return <T>(path: string, options: AskOptions = {}) =>
    new Promise<AcuityReply<T>>((resolve, reject) => {
      client.request(path, options, (error, response, body) => {
        if (error) reject(error);
        else resolve({ status: response.statusCode, body: body as T });
      });
    });
}
