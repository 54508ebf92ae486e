import { describe, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { buildProgram } from '../../client/command-tree';
import { failureTable } from '../../domain/failure-table';
import { findingKinds } from '../../domain/findings';
import { symptoms } from '../../tools/generate/symptoms';

const silent = { write: () => true };
const program = buildProgram({ stdout: silent, stderr: silent, env: {}, patienceMs: 0 });

/** The command that words after `diskferry` name. */
function named(words: readonly string[]): Command {
  const [word, ...rest] = words;
  const inner = program.commands.find((command) => command.name() === word);
  const below = inner?.commands.find((command) => command.name() === rest[0]);
  return below ?? inner ?? program;
}

describe('docs/troubleshooting.md', () => {
  test('has every failure at exactly one symptom', () => {
    const codes = symptoms.flatMap(({ failures }) => failures);
    expect(codes.toSorted()).toEqual(Object.keys(failureTable).toSorted());
  });

  test('has every kind of finding at one symptom at least', () => {
    const kinds = new Set(symptoms.flatMap(({ findings }) => findings));
    expect([...kinds].toSorted()).toEqual([...findingKinds].toSorted());
  });

  test.each(symptoms)('$sees: is explained, and its commands are there', ({ means, look }) => {
    expect(means.length).toBeGreaterThan(40);
    expect(look.length).toBeGreaterThan(0);
    for (const [line] of look) {
      const [tool, ...words] = line.split(' ');
      if (tool === 'npm') continue;
      expect(tool).toBe('diskferry');
      const command = named(words);
      if (words[0] !== '--help') expect(command).not.toBe(program);
      const known = command.createHelp().visibleOptions(command);
      for (const option of words.filter((word) => word.startsWith('--'))) {
        expect(known.map(({ long }) => long)).toContain(option);
      }
    }
  });
});
