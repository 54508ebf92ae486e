import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checks } from '../../contract/checks/all';
import { readScenarios } from '../../contract/recording';
import type { Scenario } from '../../contract/recording';
import { askedForOfReviewers, seenOnARealServer } from './unusual-behaviour';
import type { Behaviour, Proof } from './unusual-behaviour';

const scenarios = readScenarios(join(__dirname, '..', 'cloudstack', 'fixtures', 'cloudstack-4.22.1.0'));
const [, seen = '', asked = ''] = readFileSync(join(__dirname, 'unusual-behaviour.md'), 'utf8').split(/^## .*$/m);

/** First cells of a table, without its head. */
const tableRows = seen
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(2)
  .map((line) => line.split(' | ')[0]!.replace(/^\| /, ''));
const askedRows = asked.trim().split(' · ');

describe('each unusual behaviour of a real server is tested', () => {
  test('every row of the table has an entry', () => {
    expect(tableRows.length).toBeGreaterThan(40);
    expect(seenOnARealServer.map(({ row }) => row)).toEqual(tableRows);
  });

  test('everything that reviewers are asked to check has an entry', () => {
    expect(askedRows.length).toBeGreaterThan(18);
    expect(askedForOfReviewers.map(({ row }) => row)).toEqual(askedRows);
  });

  test.each(named(seenOnARealServer))('§7: %s', (_, { shownBy }) => {
    expect(shownBy.map(missingIn)).toEqual(shownBy.map(() => undefined));
  });

  test.each(named(askedForOfReviewers))('§5.6: %s', (_, { shownBy }) => {
    expect(shownBy.map(missingIn)).toEqual(shownBy.map(() => undefined));
  });

  test('a proof that is not there is noticed', () => {
    const step = { scenario: 'custom-id', note: 'same customid again', says: 'already exists' };
    expect(missingIn(step)).toBeUndefined();
    expect(missingIn({ ...step, note: 'no such step' })).toBeDefined();
    expect(missingIn({ ...step, says: 'something else' })).toBeDefined();
    expect(missingIn({ ...step, scenario: 'no-such' })).toBeDefined();
    expect(missingIn({ check: 'no such check' })).toBeDefined();
    expect(missingIn({ file: 'sign.test.ts', test: 'no such test' })).toBeDefined();
  });
});

function named(behaviours: readonly Behaviour[]): [string, Behaviour][] {
  return behaviours.map((behaviour) => [behaviour.row, behaviour]);
}

/** What of a proof is not there. */
function missingIn(proof: Proof): string | undefined {
  if ('check' in proof) {
    return checks.some(({ name }) => name === proof.check) ? undefined : `no check "${proof.check}"`;
  }
  if ('file' in proof) {
    const source = readFileSync(join(__dirname, proof.file), 'utf8');
    return source.includes(`'${proof.test}'`) ? undefined : `no test "${proof.test}" in ${proof.file}`;
  }
  const scenario = scenarios.find((each) => each.scenario === proof.scenario);
  if (scenario === undefined) return `no scenario ${proof.scenario}`;
  const answers = answersTo(scenario, proof.note);
  if (answers.length === 0) return `no step "${proof.note}" in ${proof.scenario}`;
  return answers.some((answer) => answer.includes(proof.says))
    ? undefined
    : `"${proof.note}" does not say ${proof.says}`;
}

/** The answers to the steps with a note, and what the jobs that they started ended with. */
function answersTo({ steps }: Scenario, note: string): string[] {
  const answers: string[] = [];
  for (const [index, step] of steps.entries()) {
    if (step.note !== note) continue;
    answers.push(spoken(step.body));
    for (const later of steps.slice(index + 1)) {
      if (later.params['command'] !== 'queryAsyncJobResult' || later.note === note) break;
      answers.push(spoken(later.body));
    }
  }
  return answers;
}

/** As JSON, but with quotation marks inside texts as they are read. */
function spoken(body: unknown): string {
  return JSON.stringify(body).replaceAll('\\"', '"');
}
