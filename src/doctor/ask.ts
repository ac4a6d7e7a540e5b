// One HTTP request as an outsider would send it: follows no redirect, keeps no connection.
import { request as plainRequest, type IncomingHttpHeaders } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { connect } from 'node:tls';

export interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Certificate authorities to believe besides the system's; for tests. */
  ca?: string | undefined;
  timeoutMs?: number;
}

export interface Answered {
  status: number;
  headers: IncomingHttpHeaders;
  /** Its first bytes. */
  text: string;
}

const mostBytes = 64 * 1024;

/** @throws Error with a code when there is no answer */
export function ask(address: string, asked: Asked = {}): Promise<Answered> {
  const { method = 'GET', headers, body, ca, timeoutMs = 5_000 } = asked;
  const url = new URL(address);
  const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
  return new Promise((resolve, reject) => {
    const req = send(url, {
      method,
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
      headers: { ...headers, ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }) },
      ...(ca !== undefined && { ca }),
    });
    req.once('error', reject);
    req.once('response', (res) => {
      const pieces: Buffer[] = [];
      let size = 0;
      const done = () => {
        const text = Buffer.concat(pieces).toString('utf8');
        resolve({ status: res.statusCode ?? 0, headers: res.headers, text });
      };
      res.on('data', (piece: Buffer) => {
        pieces.push(piece);
        size += piece.length;
        if (size > mostBytes) {
          done();
          res.destroy();
        }
      });
      res.once('end', done);
      res.once('error', reject);
    });
    req.end(body);
  });
}

export interface Certificate {
  validTo: Date;
  /** Null: browsers trust it. */
  fault: string | null;
}

/** The certificate that a server shows, valid or not. */
export function certificateOf(address: string, ca?: string, timeoutMs = 5_000): Promise<Certificate> {
  const { hostname, port } = new URL(address);
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(port || 443),
      rejectUnauthorized: false,
      // An address has no name to be asked for.
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
      ...(ca !== undefined && { ca }),
    });
    socket.setTimeout(timeoutMs, () => socket.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })));
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      const fault = socket.authorized ? null : String(socket.authorizationError);
      resolve({ validTo: new Date(socket.getPeerCertificate().valid_to), fault });
      socket.destroy();
    });
  });
}
