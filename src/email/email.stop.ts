// The link in an e-mail with which its recipient stops e-mails of that kind, without a session (RFC 8058).
import { createSigner, type SecretRing } from '../lib/secret-ring.ts';
import { isUuid } from '../lib/uuid.ts';
import { mailKind, type MailKindName } from '../mail-kinds/index.ts';

export interface StopLinks {
  /** The same for every e-mail of one kind to one person; it never expires. */
  tokenFor(userId: string, kind: MailKindName): string;
  /** Null when the token has no signature of ours. */
  read(token: string): { userId: string; kind: MailKindName } | null;
}

export function createStopLinks(secrets: SecretRing): StopLinks {
  const signer = createSigner(secrets, 'examdesk: stop e-mails');
  return {
    tokenFor(userId, kind) {
      const text = `${userId} ${kind}`;
      return `${Buffer.from(text).toString('base64url')}.${signer.sign(text).toString('base64url')}`;
    },

    read(token) {
      const [, encoded = '', signature = ''] = /^([\w-]{1,200})\.([\w-]{43})$/.exec(token) ?? [];
      const text = Buffer.from(encoded, 'base64url').toString();
      if (!signer.isSigned(text, Buffer.from(signature, 'base64url'))) return null;
      const [userId = '', kind = ''] = text.split(' ');
      return isUuid(userId) && mailKind(kind) ? { userId, kind: kind as MailKindName } : null;
    },
  };
}
