// What ZooKeeper refuses with (org.apache.zookeeper.KeeperException.Code), and what its client adds: one table.

export const ZOOKEEPER_ERRORS = {
  SYSTEM_ERROR: -1,
  RUNTIME_INCONSISTENCY: -2,
  DATA_INCONSISTENCY: -3,
  CONNECTION_LOSS: -4,
  MARSHALLING_ERROR: -5,
  UNIMPLEMENTED: -6,
  OPERATION_TIMEOUT: -7,
  BAD_ARGUMENTS: -8,
  NEW_CONFIG_NO_QUORUM: -13,
  RECONFIG_IN_PROGRESS: -14,
  API_ERROR: -100,
  NO_NODE: -101,
  NO_AUTH: -102,
  BAD_VERSION: -103,
  NO_CHILDREN_FOR_EPHEMERALS: -108,
  NODE_EXISTS: -110,
  NOT_EMPTY: -111,
  SESSION_EXPIRED: -112,
  INVALID_CALLBACK: -113,
  INVALID_ACL: -114,
  AUTH_FAILED: -115,
  SESSION_MOVED: -118,
  NOT_READ_ONLY: -119,
  EPHEMERAL_ON_LOCAL_SESSION: -120,
  NO_WATCHER: -121,
  REQUEST_TIMEOUT: -122,
  RECONFIG_DISABLED: -123,
  SESSION_CLOSED_REQUIRE_SASL_AUTH: -124,
  QUOTA_EXCEEDED: -125,
  THROTTLED_OP: -127,
  /** Ours: too many requests wait already; nothing was sent. */
  QUEUE_FULL: -1000,
  /** Ours: the client was closed. */
  CLOSED: -1001,
} as const;
export type ZooKeeperErrorCode = keyof typeof ZOOKEEPER_ERRORS;

const byNumber: ReadonlyMap<number, ZooKeeperErrorCode> = new Map(
  Object.entries(ZOOKEEPER_ERRORS).map(([code, number]) => [number, code as ZooKeeperErrorCode]),
);

export function zooKeeperErrorCode(number: number): ZooKeeperErrorCode {
  return byNumber.get(number) ?? 'API_ERROR';
}

export class ZooKeeperError extends Error {
  readonly code: ZooKeeperErrorCode;
  /** Of a multi: which of its operations was refused; undefined elsewhere. */
  readonly operation: number | undefined;

  constructor(code: ZooKeeperErrorCode, message: string, options?: ErrorOptions & { operation?: number }) {
    super(message, options);
    this.name = 'ZooKeeperError';
    this.code = code;
    this.operation = options?.operation;
  }

  /** The request may have been carried out or not: only reading tells (C6). */
  get outcomeUnknown(): boolean {
    return this.code === 'CONNECTION_LOSS' || this.code === 'OPERATION_TIMEOUT' || this.code === 'SESSION_EXPIRED';
  }
}

export function isZooKeeperError(error: unknown, ...codes: ZooKeeperErrorCode[]): error is ZooKeeperError {
  return error instanceof ZooKeeperError && (codes.length === 0 || codes.includes(error.code));
}
