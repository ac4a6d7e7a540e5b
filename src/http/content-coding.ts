// Brotli and gzip: which one a client accepts, and what is worth compressing.

export type Coding = 'br' | 'gzip';

/** The coding that Accept-Encoding prefers, and Brotli if it prefers neither. Null: send the content uncompressed. */
export function codingFor(accepted: string | undefined): Coding | null {
  if (!accepted) return null;
  let coding = codings.get(accepted);
  if (coding === undefined) {
    coding = read(accepted);
    if (codings.size >= 500) codings.clear();
    codings.set(accepted, coding);
  }
  return coding;
}

// Clients send few different headers.
const codings = new Map<string, Coding | null>();

/** RFC 9110, 12.5.3: `*` stands for what is not named; 0 is "not acceptable"; identity is the default. */
function read(accepted: string): Coding | null {
  const weights = new Map<string, number>();
  for (const part of accepted.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim());
    const quality = parameters.find((text) => text.startsWith('q='))?.slice(2);
    const weight = quality === undefined ? 1 : Number(quality);
    weights.set(name, weight >= 0 && weight <= 1 ? weight : 0);
  }
  const weightOf = (coding: string) => weights.get(coding) ?? weights.get('*') ?? 0;
  const best = weightOf('br') >= weightOf('gzip') ? 'br' : 'gzip';
  return weightOf(best) > 0 && weightOf(best) >= (weights.get('identity') ?? 0) ? best : null;
}

const fewestBytes = 1_024;

/** Only texts of a kilobyte and more: less fits in one packet, and pictures, fonts and documents are compressed already. */
export function isWorthCompressing(type: string, bytes: number): boolean {
  return (
    bytes >= fewestBytes && /^(text\/(?!event-stream)|application\/([\w.-]+\+)?json|image\/svg)/.test(type)
  );
}
