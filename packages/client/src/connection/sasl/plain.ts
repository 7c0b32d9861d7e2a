// SASL PLAIN (RFC 4616): user name and password as they are. Only for connections that are encrypted or trusted.
import type { SaslExchange } from './exchange.ts';

export function plainExchange(username: string, password: string): SaslExchange {
  return {
    first: () => Buffer.from(`\0${username}\0${password}`, 'utf8'),
    next: () => undefined,
  };
}
