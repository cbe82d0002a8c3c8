/**
 * The closed set of orchestration error codes. A client tells errors apart by these: the message of every error
 * begins with its code.
 */
export const ErrorCode = {
  /** Stored bytes cannot be decoded. */
  ByteArray: 'OE0001',
  /** The asset does not exist in this channel. */
  NotFound: 'OE0002',
  /** The request cannot be fulfilled in the present state. */
  BadRequest: 'OE0003',
  /** An asset with that key exists, in the store or twice in one batch. */
  Conflict: 'OE0006',
  /** A bug; the message gives nothing away but the request id. */
  Internal: 'OE0007',
  Unimplemented: 'OE0010',
  /** Validation failed: the message names each bad field and what it should be. */
  InvalidAsset: 'OE0101',
  /** The caller may not do this. */
  PermissionDenied: 'OE0102',
  /** The state machine has no such transition from the present status. */
  IncompatibleTaskStatus: 'OE0104',
  /** Reserved, nothing produces it. */
  CannotDisableModel: 'OE0105',
  /** The task has no output of that identifier. */
  MissingTaskOutput: 'OE0106',
  /** The output expects another asset kind. */
  IncompatibleKind: 'OE0107',
  CannotDisableOutput: 'OE0108',
  /** The plan is already canceled or failed. */
  TerminatedComputePlan: 'OE0109',
  /** Reserved, nothing produces it. */
  TerminatedComputeTask: 'OE0110',
} as const;

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];
