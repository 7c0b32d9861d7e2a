// Addresses in one form, so that a rule about a host is found by whoever comes from it: an IPv4 address inside IPv6 as
// IPv4, IPv6 in the short form that sockets have (Java writes it long: `0:0:0:0:0:0:0:1`). Pure.

const MAPPED = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i;

export function hostForm(host: string): string {
  if (!host.includes(':')) return host;
  const mapped = MAPPED.exec(host);
  if (mapped) return mapped[1]!;
  const url = `http://[${host}]`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : host;
}
