import { DiskError } from '@moldau/kernel';

/**
 * The outside world failed storage.
 * - STORAGE_FAILED: a read, write or sync failed; the log directory is fenced until a restart.
 * - STORAGE_FULL: no space or no descriptors; it passes when there is room again.
 * - STORAGE_CLOSED: the log was closed or deleted.
 * All are KAFKA_STORAGE_ERROR on the wire.
 */
export class BrokerDiskError extends Error {
  readonly code: 'STORAGE_FAILED' | 'STORAGE_FULL' | 'STORAGE_CLOSED';
  constructor(code: BrokerDiskError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BrokerDiskError';
    this.code = code;
  }
}

const passing: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE']);

/** Out of space or descriptors: the operation is refused, the directory is sound (S3, S15). */
export function passes(error: unknown): boolean {
  return error instanceof DiskError && passing.has(error.code);
}
