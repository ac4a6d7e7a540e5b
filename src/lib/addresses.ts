/** Whether a host's name or address is this machine itself. IPv6 as URL writes it, in brackets, or bare. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/.test(hostname);
}
