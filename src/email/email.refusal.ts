// Classifies a mail server's refusal: permanent for this message, or caused by the set-up.
import { errorFacts } from '../lib/error-facts.ts';

export interface Refusal {
  error: string;
  /** The mail server will refuse this message every time. */
  isFinal: boolean;
}

// Keeps only the codes: the server's text may quote the address or the content.
export function refusalOf(error: unknown): Refusal {
  const { name, code } = errorFacts(error);
  const said = error as { responseCode?: unknown; response?: unknown; command?: unknown };
  const answer = typeof said.responseCode === 'number' ? said.responseCode : null;
  const detail = answer === null ? null : detailOf(said.response);
  return {
    error: [code ?? name, answer, detail].filter((part) => part !== null).join(' '),
    isFinal: answer !== null && answer >= 500 && answer < 600 && isOfMessage(said.command, answer, detail),
  };
}

/** RFC 3463: `5.1.1` in `550 5.1.1 No such user`. */
function detailOf(response: unknown): string | null {
  return /^5\d\d[ -](5\.\d{1,3}\.\d{1,3})\b/.exec(String(response))?.[1] ?? null;
}

/**
 * RFC 5321, 4.2.1. A refusal of the sign-in, of our own address (5.1.7, 5.1.8) or by policy (5.7, such as relaying) is
 * a fault of the set-up that somebody will fix, so the message stays queued.
 */
function isOfMessage(command: unknown, answer: number, detail: string | null): boolean {
  if (command === 'DATA') return !detail?.startsWith('5.7.');
  if (command !== 'RCPT TO') return false;
  if (detail === null) return answer >= 550 && answer <= 553;
  return /^5\.[12]\./.test(detail) && detail !== '5.1.7' && detail !== '5.1.8';
}
