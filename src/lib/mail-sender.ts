export interface MailSender {
  name: string;
  address: string;
}

/** Reads "Your Agency <bookings@agency.example>", or an address alone, which is then the name as well. */
export function parseSender(sender: string): MailSender {
  const [, before = '', inBrackets] = /^([^<>]*)<([^<>]*)>\s*$/.exec(sender) ?? [];
  const address = (inBrackets ?? sender).trim();
  const name = before.trim().replace(/^"(.*)"$/, '$1');
  return { name: name || address, address };
}
