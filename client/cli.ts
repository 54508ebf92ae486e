import { type Command, CommanderError } from 'commander';
import { failureExitCode, failureRecord, type FailureRecord } from '../domain/failures';
import { terminalQuestion } from './ask';
import { buildProgram } from './command-tree';
import type { CliIo } from './command-context';
import { EndedWith } from './ended-with';
import { withNextFor } from './failover-next';
import { endWithReader } from './gone-reader';
import { failureJson, failureText, recordOf } from './show-failure';

/**
 * Runs one command line, in this process.
 *
 * @param argv - the arguments after the program's name
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage
 */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const json = argv.includes('--json');
  const program = buildProgram(io);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof EndedWith) return error.exitCode;
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const record =
      error instanceof CommanderError
        ? usageFailure(error, program, argv)
        : withNextFor(recordOf(error, argv[0] ?? 'diskferry'), ofFailovers(argv) ? 'failover' : 'replication');
    if (json) io.stdout.write(`${JSON.stringify(failureJson(record))}\n`);
    else io.stderr.write(`${failureText(record)}\n`);
    return failureExitCode(record.code);
  }
}

/** Entry point of bin/diskferry.js. */
export function main(): void {
  endWithReader([process.stdout, process.stderr]);
  const ask = terminalQuestion();
  runCli(process.argv.slice(2), {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    patienceMs: 30_000,
    ...(ask !== undefined && { ask }),
  }).then(
    (exitCode) => {
      // A command that ended well may have set another code itself, for instance 130 after Ctrl-C.
      if (exitCode !== 0) process.exitCode = exitCode;
    },
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exitCode = 1;
    },
  );
}

/** Whether a command is about failovers, whose failures name other commands and another request. */
function ofFailovers([name]: readonly string[]): boolean {
  return name === 'failover' || name === 'revert';
}

function usageFailure(error: CommanderError, program: Command, argv: readonly string[]): FailureRecord {
  const command = ['diskferry', ...namedCommands(program, argv)].join(' ');
  const problem = error.code === 'commander.help' ? 'No command was given' : error.message.replace(/^error: /, '');
  return failureRecord('usage', { problem: problem.replaceAll('\n', ' '), command });
}

/** The words that name a command, such as `failover extend`; what is no command any more is not among them. */
function namedCommands(parent: Command, [name, ...rest]: readonly string[]): string[] {
  const command = parent.commands.find((each) => each.name() === name);
  return command === undefined ? [] : [command.name(), ...namedCommands(command, rest)];
}
