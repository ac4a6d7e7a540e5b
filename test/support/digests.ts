import { createKeyedDigests } from '../../src/lib/keyed-digests.ts';
import { parseKeyring } from '../../src/lib/keyring.ts';

const keyring = parseKeyring(`tests:${'0123456789abcdef'.repeat(4)}`);
if (!keyring) throw new Error('The keys of the tests cannot be read');

export const testDigests = createKeyedDigests(keyring);
