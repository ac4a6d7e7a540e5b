// The secret part of a mail's link: an HMAC over the link's id. It can be made again when the mail is sent, so no
// row, no job and no log ever holds it.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

export type LinkKind = 'invitation' | 'password_reset' | 'email_change';

export interface LinkTokens {
  tokenFor(kind: LinkKind, id: string): string;
  /** The link's id; null when the token is not ours, or of another kind. */
  idOf(kind: LinkKind, token: string): string | null;
}

const shape = /^[\w-]{22}\.[\w-]{43}$/;

export function createLinkTokens(secret: string): LinkTokens {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'examdesk account links', 32));
  const sign = (kind: LinkKind, id: string) => createHmac('sha256', key).update(`${kind}:${id}`).digest();
  return {
    tokenFor(kind, id) {
      const bytes = Buffer.from(id.replaceAll('-', ''), 'hex');
      return `${bytes.toString('base64url')}.${sign(kind, id).toString('base64url')}`;
    },
    idOf(kind, token) {
      if (!shape.test(token)) return null;
      const [name = '', signature = ''] = token.split('.');
      const hex = Buffer.from(name, 'base64url').toString('hex');
      const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
      const given = Buffer.from(signature, 'base64url');
      const wanted = sign(kind, id);
      return given.length === wanted.length && timingSafeEqual(given, wanted) ? id : null;
    },
  };
}
