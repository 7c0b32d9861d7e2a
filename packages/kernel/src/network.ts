// Byte streams as a port. Push-shaped, like the sockets below it, so that the hot path adds no promise per chunk.

/** Where a connection comes from or goes to. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface ConnectionEvents {
  /**
   * Bytes arrived. On a connection of a listener with a `readBuffer`, and on one made with `lendsChunks`, the chunk is only
   * lent: it is read into again after this call. Everywhere else it belongs to the receiver.
   */
  onData(chunk: Buffer): void;
  /** The queue of unsent bytes fell below the high-water mark after `write` had answered false. */
  onDrain?(): void;
  /** The peer finished sending (half close). The default is to end our side too. */
  onEnd?(): void;
  /** Last event of a connection, exactly once; with the error where one ended it. */
  onClose(error?: Error): void;
}

/** One byte stream. All methods are safe to call after close and then do nothing. */
export interface Connection {
  readonly remote: Endpoint;
  readonly local: Endpoint;
  /** Bytes accepted by `write` and not yet handed to the operating system. */
  readonly queuedBytes: number;
  /** Names who receives events from now on. Must be called in the same turn that delivered the connection. */
  start(events: ConnectionEvents): void;
  /** Queues chunks in order as one gathered write. The caller must not change them until drained. False: stop until `onDrain`. */
  write(chunks: readonly Uint8Array[]): boolean;
  /** Stops and resumes `onData`: back-pressure to the peer. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes our side. */
  end(): void;
  /** Closes at once; queued bytes are dropped. */
  destroy(error?: Error): void;
}

export interface Listener {
  /** The address really bound (port 0 in the request becomes a free one). */
  readonly endpoint: Endpoint;
  /** Stops accepting; connections that stand are left alone. */
  close(): Promise<void>;
}

export interface ListenOptions extends Endpoint {
  /** Called for each accepted connection, which reads nothing before `start`. */
  onConnection(connection: Connection): void;
  /** Length of the accept queue. Default 511. */
  backlog?: number;
  /**
   * All connections of the listener read into this buffer, one at a time, and lend it to `onData`. Saves an allocation of
   * 64 KiB for every read, and reads larger pieces. A network that cannot do it hands out chunks as usual.
   */
  readBuffer?: Buffer;
}

/** Why an encrypted connection did not come about. `code` is OpenSSL's or the platform's. */
export class TlsError extends Error {
  /**
   * 'untrusted': nobody we trust has signed the certificate; 'expired': it is out of its time; 'name': it is for another
   * name; 'refused': the peer did not take us (our certificate, versions, ciphers); 'not-tls': the peer answers something
   * else; 'material': our own certificates or key cannot be used; 'other'.
   */
  readonly reason: 'untrusted' | 'expired' | 'name' | 'refused' | 'not-tls' | 'material' | 'other';
  readonly code: string;
  constructor(reason: TlsError['reason'], code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TlsError';
    this.reason = reason;
    this.code = code;
  }
}

/** How a connection is encrypted and whom it trusts, on the side that connects. Certificates and keys are PEM. */
export interface TlsClientOptions {
  /** The name that the certificate must be for and that is sent as SNI (never for an address); default: none is sent. */
  readonly servername?: string;
  /** False: the certificate must be trusted, but may be for another name. Default true. */
  readonly verifyName?: boolean;
  /** Certificates of those who are trusted; default: those that the platform comes with. */
  readonly ca?: readonly (string | Buffer)[];
  /** A PKCS#12 store with them, in place of `ca`: all its certificates but that of its own key. */
  readonly caStore?: { readonly pkcs12: Buffer; readonly passphrase?: string };
  /** Our own certificate with its chain, and its key, where the peer asks for one. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** Certificate and key in one (PKCS#12), in place of both. */
  readonly pfx?: Buffer;
  /** Of `key` or `pfx`. */
  readonly passphrase?: string;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL's or IANA's names, in order of preference, joined by colons. */
  readonly ciphers?: string;
  /** Whatever else the platform's TLS takes (of Node: tls.ConnectionOptions); stronger than the rest. */
  readonly platform?: Readonly<Record<string, unknown>>;
}

export interface ConnectOptions extends Endpoint {
  /** Fails with ETIMEDOUT when not established by then. */
  timeoutMs: number;
  /** Encrypted; established then means that the handshake is done and the peer's certificate is good. */
  tls?: TlsClientOptions;
  /** Chunks may be lent (see `onData`): saves an allocation for every read, and reads larger pieces. */
  lendsChunks?: boolean;
}

export interface Network {
  /** Binds and accepts. Throws the system's error (EADDRINUSE, EACCES, ...). */
  listen(options: ListenOptions): Promise<Listener>;
  /**
   * Connects. Throws the system's error (ECONNREFUSED, ETIMEDOUT, ENOTFOUND, ...), or TlsError where the encryption does
   * not come about.
   */
  connect(options: ConnectOptions): Promise<Connection>;
  /** All addresses of a host name, in the resolver's order. */
  resolve(host: string): Promise<string[]>;
  /** The name that an address goes by; the address itself when it has none. Absent: no address has one. */
  canonicalName?(address: string): Promise<string>;
}
