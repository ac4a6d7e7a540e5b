// Scans files with clamd over TCP (INSTREAM: frames of a length and its bytes).
// https://docs.clamav.net/manual/Usage/Scanning.html#clamd
import { connect, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { Scanner, ScannerFacts, ScanServer, ScanVerdict } from '../ports/scanner.ts';

export interface ClamavSettings {
  /** `tcp://host:port`; the port unset: 3310. */
  url: string;
  /** Time-out for an answer and for each step before it. Default two minutes: large archives take long. */
  timeoutMs?: number;
}

const frameBytes = 64 * 1024;
const maxFrameBytes = 0xffff_ffff;
/** clamd refuses an oversized frame as soon as it has read the length; silence means that it waits for the bytes. */
const refusalMs = 1_000;

export function createClamavScanner({ url, timeoutMs = 120_000 }: ClamavSettings): Scanner & ScanServer {
  const { hostname, port } = new URL(url);
  const open = () => openConnection(hostname.replace(/^\[|\]$/g, ''), Number(port || 3310), timeoutMs);

  return {
    async scan(content) {
      const connection = open();
      try {
        await connection.send(Buffer.from('zINSTREAM\0'));
        await sendFrames(content, connection);
        return verdictIn(await connection.answer);
      } finally {
        content.destroy();
        connection.close();
      }
    },

    async ping() {
      const connection = open();
      try {
        await connection.send(Buffer.from('zPING\0'));
        const answer = await connection.answer;
        if (answer !== 'PONG') throw new Error("The answer is not clamd's");
      } finally {
        connection.close();
      }
    },

    async facts() {
      const connection = open();
      try {
        await connection.send(Buffer.from('zVERSION\0'));
        return factsIn(await connection.answer);
      } finally {
        connection.close();
      }
    },

    async takes(bytes) {
      const connection = open();
      let timer: NodeJS.Timeout | undefined;
      const silence = new Promise<null>((resolve) => {
        timer = setTimeout(resolve, refusalMs, null);
      });
      try {
        const size = Buffer.alloc(4);
        size.writeUInt32BE(Math.min(bytes, maxFrameBytes));
        await connection.send(Buffer.concat([Buffer.from('zINSTREAM\0'), size]));
        const answer = await Promise.race([connection.answer, silence]);
        if (answer !== null && !answer.includes('size limit exceeded'))
          throw new Error("The answer is not clamd's");
        return answer === null;
      } finally {
        clearTimeout(timer);
        connection.close();
      }
    },
  };
}

interface Connection {
  /** Resolves when the socket can take more data. */
  send(bytes: Buffer): Promise<void>;
  answer: Promise<string>;
  close(): void;
}

function openConnection(host: string, port: number, timeoutMs: number): Connection {
  const socket = connect({ host, port });
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error('clamd took too long')));
  const answer = answerOf(socket);
  // A failure rejects the next write; the reply is awaited last.
  answer.catch(() => undefined);
  return {
    answer,
    close: () => void socket.destroy(),
    async send(bytes) {
      if (socket.write(bytes)) return;
      await Promise.race([new Promise((resume) => socket.once('drain', resume)), answer]);
    },
  };
}

function answerOf(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    socket.on('data', (bytes: Buffer) => {
      received += bytes.toString('utf8');
      if (received.endsWith('\0')) resolve(received.slice(0, -1));
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('clamd closed the connection without an answer')));
  });
}

async function sendFrames(content: Readable, connection: Connection): Promise<void> {
  // clamd can answer before the end of the stream: when it finds something or reaches its limit.
  const state = { hasAnswer: false };
  const note = () => void (state.hasAnswer = true);
  connection.answer.then(note, note);
  for await (const piece of content as AsyncIterable<Buffer>) {
    for (let at = 0; at < piece.length && !state.hasAnswer; at += frameBytes) {
      const bytes = piece.subarray(at, at + frameBytes);
      await connection.send(frame(bytes));
    }
    if (state.hasAnswer) return;
  }
  await connection.send(frame(Buffer.alloc(0)));
}

function frame(bytes: Buffer): Buffer {
  const framed = Buffer.alloc(4 + bytes.length);
  framed.writeUInt32BE(bytes.length);
  bytes.copy(framed, 4);
  return framed;
}

/** `ClamAV 1.0.3/27000/Mon Nov  2 08:00:00 2026`; without signatures the version alone. */
function factsIn(answer: string): ScannerFacts {
  const [version = '', , made] = answer.split('/');
  if (!version.startsWith('ClamAV')) throw new Error("The answer is not clamd's");
  const at = new Date(`${made ?? ''} UTC`);
  return { version, signaturesAt: Number.isNaN(at.getTime()) ? null : at };
}

/** A file larger than clamd scans is not clean: with AlertExceedsMax clamd reports it, and this throws instead. */
function verdictIn(answer: string): ScanVerdict {
  if (answer === 'stream: OK') return { verdict: 'clean' };
  const signature = /^stream: (.+) FOUND$/.exec(answer)?.[1];
  if (signature && !signature.startsWith('Heuristics.Limits.Exceeded'))
    return { verdict: 'infected', signature };
  throw new Error(
    signature
      ? `The file exceeds a limit of clamd: ${signature}`
      : 'clamd gave no verdict; see its StreamMaxLength',
  );
}
