import { createRequire } from 'node:module';
import { pino } from 'pino';
import type { DestinationStream, LoggerOptions } from 'pino';
import type * as pinoPretty from 'pino-pretty';
import { traceFields } from '../tracing/tracing.ts';

/** Names of the levels, from the least to the most important. `LOG_LEVEL` takes them in any case. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * What an entry says beside its message. An error goes under `error`; a connection string only through `maskUrl`.
 */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where the rest of the application writes its log. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A log whose entries all carry `fields`. */
  child(fields: LogFields): Log;
}

export interface LogSettings {
  readonly level: LogLevel;
  /** Text for people instead of JSON lines. */
  readonly pretty: boolean;
  /** Only with `pretty`. */
  readonly color: boolean;
}

/** Lines leave together when they are so many bytes, and otherwise after this time: each write is a system call. */
const JOINED_BYTES = 4096;
const FLUSH_MS = 50;

/**
 * Opens the log: JSON lines with `time` (ISO 8601), `level` (upper case), the fields and `msg`.
 *
 * @param destination takes whole lines; standard output when left out.
 */
export function createLog(settings: LogSettings, destination?: DestinationStream): Log {
  const options: LoggerOptions = {
    level: settings.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: () => traceFields(),
    serializers: { error: pino.stdSerializers.err },
  };
  if (settings.pretty) return pino(options, prettyDestination(settings.color, destination));
  return pino(
    { ...options, formatters: { level: (label) => ({ level: label.toUpperCase() }) } },
    // Not synchronous: a reader that falls behind must not stop the event loop. What is left is flushed at exit.
    destination ?? pino.destination({ fd: 1, sync: false, minLength: JOINED_BYTES, periodicFlush: FLUSH_MS }),
  );
}

/** pino-pretty's own stream works in later turns of the event loop and loses the last lines of a failed start. */
function prettyDestination(colorize: boolean, destination?: DestinationStream): DestinationStream {
  // Loaded only where people read.
  const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as typeof pinoPretty;
  const format = prettyFactory({
    colorize,
    errorLikeObjectKeys: ['error'],
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  });
  const target = destination ?? pino.destination({ fd: 1, sync: true });
  return { write: (line) => target.write(format(line)) };
}
