import type { Command } from 'commander';
import { buildProgram } from '../../client/command-tree';
import { code, generatedNotice, markdownTable } from './markdown';

/** docs/commands.md, from the command line's own declarations. */
export function commandsPage(): string {
  const silent = { write: () => true };
  const program = buildProgram({ stdout: silent, stderr: silent, env: {}, patienceMs: 0 });
  return [
    generatedNotice,
    '# Commands',
    '',
    'Every command takes `--json`, `--state` and `--config`. Exit codes: 0 done, 1 failed, 2 wrong usage. A VM is named `[site/][source/]id`; a part may be left out while only one VM fits.',
    '',
    ...leavesOf(program, []).flatMap(({ names, command }) => section(names, command)),
  ].join('\n');
}

function leavesOf(command: Command, names: readonly string[]): { names: readonly string[]; command: Command }[] {
  return command.commands.flatMap((inner) => {
    const path = [...names, inner.name()];
    return inner.commands.length === 0 ? [{ names: path, command: inner }] : leavesOf(inner, path);
  });
}

function section(names: readonly string[], command: Command): string[] {
  const help = command.createHelp();
  const usage = `diskferry ${names.join(' ')} ${command.usage()}`;
  const rows = [
    ...help.visibleArguments(command).map((argument) => [code(help.argumentTerm(argument)), argument.description]),
    ...help
      .visibleOptions(command)
      .filter((option) => option.long !== '--help')
      .map((option) => [code(help.optionTerm(option)), help.optionDescription(option)]),
  ];
  return [
    `## diskferry ${names.join(' ')}`,
    '',
    sentence(command.description()),
    '',
    '```',
    usage,
    ...examplesOf(command),
    '```',
    '',
    markdownTable(['argument or option', 'meaning'], rows),
    '',
  ];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** The examples that `--help` shows after the options. */
function examplesOf(command: Command): string[] {
  let text = '';
  command.configureOutput({ writeOut: (part) => void (text += part) }).outputHelp();
  const [, examples = ''] = text.split('Examples:\n');
  return examples
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
