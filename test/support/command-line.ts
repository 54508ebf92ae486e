import { ownEnvironment } from '../../stack/own-process';
import { type CliRun, diskferry } from '../client/support';
import type { TestStack } from './stack';

/** Command lines in this process, on a stack: starting another takes longer than what most of them do. */
export interface CommandLine {
  run(...args: string[]): Promise<CliRun>;
  /** Runs a command that must end with this exit code; what it printed, its lines joined where they were broken to fit. */
  says(exitCode: number, ...args: string[]): Promise<string>;
}

/** @param environment - variables beside this process's own */
export function commandLineOn(stack: TestStack, environment: NodeJS.ProcessEnv): CommandLine {
  const run = (...args: string[]): Promise<CliRun> =>
    diskferry([...args, '--state', stack.folder.directory], { ...ownEnvironment(process.env), ...environment }, 10_000);
  return {
    run,
    says: async (exitCode, ...args) => {
      const ended = await run(...args);
      const text = `${ended.stdout}\n${ended.stderr}`;
      if (ended.exitCode !== exitCode) throw new Error(`${args.join(' ')}: exit ${String(ended.exitCode)}: ${text}`);
      return text.replaceAll(/\s+/g, ' ');
    },
  };
}
