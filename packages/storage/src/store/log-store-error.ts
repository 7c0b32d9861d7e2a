/** The log directories cannot be used as they are; the message says what to do about it. */
export class LogStoreError extends Error {
  readonly code: 'WRONG_CLUSTER' | 'WRONG_BROKER' | 'DUPLICATE_LOG' | 'MALFORMED' | 'NO_DIRECTORY' | 'LOG_EXISTS';
  constructor(code: LogStoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'LogStoreError';
    this.code = code;
  }
}
