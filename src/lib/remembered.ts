const most = 5_000;
const longest = 100;

/**
 * Makes a pure function remember its answers. Arguments may be what people typed, so long ones are not kept, and everything
 * is forgotten when there are many.
 */
export function remembered<Given extends (string | number)[], Answer>(
  compute: (...given: Given) => Answer,
): (...given: Given) => Answer {
  const known = new Map<string, Answer>();
  return (...given) => {
    const key = given.join('\n');
    if (key.length > longest) return compute(...given);
    const answer = known.get(key);
    if (answer !== undefined || known.has(key)) return answer as Answer;
    const computed = compute(...given);
    if (known.size >= most) known.clear();
    known.set(key, computed);
    return computed;
  };
}
