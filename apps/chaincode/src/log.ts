import { type DestinationStream, pino } from 'pino';

/** Names of the levels, from the least to the most important. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** What an entry says beside its message. An error goes under `error`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where the chaincode writes its log. */
export interface Log {
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/**
 * Opens the log: JSON lines with `time` (ISO 8601), `level` (upper case), the fields and `msg`.
 *
 * @param destination takes whole lines; standard output when left out.
 */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { error: pino.stdSerializers.err },
    formatters: { level: (label: string) => ({ level: label.toUpperCase() }) },
  };
  // Not synchronous: a reader that falls behind must not stop the transactions. What is left is flushed at exit.
  return pino(options, destination ?? pino.destination({ fd: 1, sync: false }));
}
