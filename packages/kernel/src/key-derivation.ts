/** Slow hashing of passwords as a port: it runs for milliseconds to seconds, so off the event loop. */
export interface KeyDerivation {
  /** PBKDF2 (RFC 8018) with HMAC of the digest, as long as the digest is. */
  pbkdf2(o: {
    readonly digest: 'sha256' | 'sha512';
    readonly password: Buffer;
    readonly salt: Buffer;
    readonly iterations: number;
  }): Promise<Buffer>;
}
