import { InvalidArgumentError, type Command } from 'commander';
import type { z } from 'zod';
import { problemWords } from '../domain/problem-words';
import { commandContext, type CliIo, type CommandContext, type CommonOptions } from './command-context';

/** How every argument that names a source VM is described. */
export const VM = 'the source VM: [site/][source/]id';

/** Declares a command with the options that all of them take. */
export function declare(parent: Command, name: string, description: string, examples: readonly string[]): Command {
  return parent
    .command(name)
    .description(description)
    .option('--json', 'print one JSON object instead of text')
    .option('--state <dir>', "state folder of 'diskferry up' (or DISKFERRY_STATE)")
    .option('--config <file>', 'configuration file (or DISKFERRY_CONFIG)')
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`);
}

/** Where a command runs, from its options and the process. */
export function contextOf(io: CliIo, options: CommonOptions): CommandContext {
  return commandContext(io, options);
}

export function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of at least 1.');
  return Number(text);
}

export function uuid(text: string): string {
  const lower = text.toLowerCase();
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(lower)) return lower;
  throw new InvalidArgumentError('It must be a uuid such as 1c266316-503d-451d-9392-9585a6fcba41.');
}

export function uuids(text: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), uuid(text)];
}

export function commaSeparated(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === '')) throw new InvalidArgumentError('It must be names separated by commas.');
  return names;
}

/** An argument that a field of a request would hold as well, by the field's own rule. */
export function bySchema<T>(schema: z.ZodType<T>): (text: string) => T {
  return (text) => {
    const parsed = schema.safeParse(text, { error: problemWords });
    if (parsed.success) return parsed.data;
    const words = parsed.error.issues.map(({ message }) => message).join('; ');
    throw new InvalidArgumentError(`It ${words}.`);
  };
}
