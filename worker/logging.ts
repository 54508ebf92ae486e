import { DefaultLogger, type Logger } from '@temporalio/worker';
import pino from 'pino';
import pretty from 'pino-pretty';
import type { ProcessConfiguration } from './config';
import { contextOfActivity, currentLogContext } from './log-context';

/** Fields that never reach a log, wherever they stand; nothing puts them there on purpose. */
const secretFields = ['password', 'secretKey', 'apiKey', 'secret', 'token', 'signature', 'authorization'];

/**
 * The worker's log: JSON, one object per line, into the configured file or to standard output; readable text where standard output is
 * a terminal. What an activity logs carries its workflow, run, activity, disk and volume (log-context.ts).
 */
export function createLog(
  { logLevel, logFile }: Pick<ProcessConfiguration, 'logLevel' | 'logFile'>,
  isTerminal: boolean = process.stdout.isTTY,
): pino.Logger {
  const destination =
    logFile !== undefined
      ? pino.destination({ dest: logFile, append: true, mkdir: true, sync: true })
      : isTerminal
        ? pretty({ sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss', singleLine: true })
        : pino.destination({ dest: 1, sync: true });
  return pino(
    {
      level: logLevel,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: () => ({ ...currentLogContext() }),
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err },
      redact: { paths: secretFields.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '(hidden)' },
    },
    destination,
  );
}

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** Temporal's own messages, and those of workflows and activities, in the same log. */
export function temporalLogger(log: pino.Logger): Logger {
  return new DefaultLogger('TRACE', ({ level, message, meta }) => {
    log[levels[level]]({ ...contextOfActivity(meta?.['runId'], meta?.['activityId']), ...meta }, message);
  });
}
