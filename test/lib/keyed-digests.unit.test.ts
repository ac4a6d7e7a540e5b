import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { createKeyedDigests } from '../../src/lib/keyed-digests.ts';
import { parseKeyring } from '../../src/lib/keyring.ts';

const key = () => randomBytes(32).toString('hex');
const [first, second] = [key(), key()];
const digestsWith = (keys: string) => {
  const ring = parseKeyring(keys);
  if (!ring) throw new Error(`No keys: ${keys}`);
  return createKeyedDigests(ring);
};

describe('createKeyedDigests', () => {
  const sha = (text: string) => createHash('sha256').update(text).digest('base64url');

  it('makes equal digests of equal contents, which nobody can compute without the key', () => {
    const digests = digestsWith(`one:${first}`);
    expect(digests.of('1984-03-27')).to.equal(digests.of('1984-03-27'));
    expect(digests.of('1984-03-27')).not.to.equal(digests.of('1984-03-28'));
    expect(digests.of('1984-03-27')).not.to.contain(sha('1984-03-27'));
    expect(digestsWith(`one:${second}`).of('1984-03-27')).not.to.equal(digests.of('1984-03-27'));
  });

  it('recognises digests of earlier keys, and none when their key is gone', () => {
    const stored = digestsWith(`one:${first}`).of('x');
    const changed = digestsWith(`two:${second},one:${first}`);
    expect(changed.isOf(stored, 'x')).to.equal(true);
    expect(changed.isOf(stored, 'y')).to.equal(false);
    expect(changed.of('x')).not.to.equal(stored);
    expect(changed.all('x')).to.have.members([changed.of('x'), stored, 'x']);
    expect(digestsWith(`two:${second}`).isOf(stored, 'x')).to.equal(false);
    expect(digestsWith(`one:${second}`).isOf(stored, 'x'), 'another key of that name').to.equal(false);
  });

  it('recognises what was stored without a key, and nothing where nothing is stored', () => {
    const digests = digestsWith(`one:${first}`);
    expect(digests.isOf(sha('x'), sha('x'))).to.equal(true);
    expect(digests.isOf(sha('x'), sha('y'))).to.equal(false);
    expect(digests.isOf(null, sha('x'))).to.equal(false);
  });
});
