import { describe, expect, test } from '@jest/globals';
import { failureTable } from '../../domain/failure-table';
import type { FailureCode } from '../../domain/failures';
import { failure, failureRecordSchema } from '../../domain/failures';
import { finalPhases, mayFollow, phaseSchema, phaseTransitions } from '../../domain/phases';
import { steps, undos } from '../../domain/steps';
import type { StepName } from '../../domain/steps';
import { undoApplies } from '../../domain/undo-policy';
import { durationSchema, milliseconds } from '../../domain/duration';

describe('the table of failures', () => {
  test.each(Object.entries(failureTable))('%s: says what, what is done, and what to do next', (code, row) => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    for (const text of [row.message, row.means, row.systemDoes, row.next]) expect(text.length).toBeGreaterThan(3);
    // Wrong usage is a refusal; nothing else exits with 2.
    if (row.exitCode === 2) expect(row.class).toBe('refused');
  });

  test('fills its messages, and travels as plain JSON', () => {
    const made = failure('attach-failed', {
      diskKey: 2001,
      volumeId: 'v',
      applianceId: 'a',
      cause: 'no {vm} for you',
      vm: 'qc/vc/1',
    });
    expect(made.message).toBe('Disk 2001: volume v could not be attached to appliance a: no {vm} for you');
    expect(made.record.next).toContain('diskferry retry qc/vc/1');
    expect(failureRecordSchema.parse(JSON.parse(JSON.stringify(made.record)))).toEqual(made.record);
  });
});

describe('the table of steps', () => {
  test('every failure that a step names is in the table of failures', () => {
    for (const row of [...Object.values(steps), ...Object.values(undos)]) {
      for (const code of row.failures) expect(failureTable).toHaveProperty([code satisfies FailureCode]);
    }
  });

  test('every undo belongs to a step, every effect to its activity, no effect is named twice', () => {
    const undone = Object.values(steps).flatMap((row) => row.undo);
    expect([...undone].sort()).toEqual(Object.keys(undos).sort());
    const effects = [...Object.entries(steps), ...Object.entries(undos)].flatMap(([name, row]) =>
      row.effects.map((effect) => {
        expect(effect).toMatch(new RegExp(`^${name}\\.`));
        return effect;
      }),
    );
    expect(new Set(effects).size).toBe(effects.length);
  });

  test('no undo reaches data: steps from the first copy on have none but closing the export', () => {
    const late = (Object.keys(steps) as StepName[]).filter((step) => steps[step].order >= steps.beginCopy.order);
    expect(late.flatMap((step) => steps[step].undo)).toEqual(['closeExport']);
  });

  test('keeping volumes closes exports and does nothing else', () => {
    const applied = (Object.keys(steps) as StepName[]).filter((step) => undoApplies('keep-volumes', step));
    expect(applied).toEqual(['openExport']);
  });
});

describe('phases', () => {
  test('every phase can be reached, and a final one is not left', () => {
    const reached = new Set(Object.values(phaseTransitions).flatMap((next) => [...next]));
    for (const phase of phaseSchema.options) {
      if (phase !== 'preflight') expect(reached).toContain(phase);
      if (finalPhases.has(phase)) expect(phaseTransitions[phase].size).toBe(0);
    }
  });

  test('nothing that copied is rolled back without going back first', () => {
    expect(mayFollow('copying', 'rolled_back')).toBe(false);
    expect(mayFollow('replicated', 'compensating')).toBe(false);
  });
});

describe('durations', () => {
  test.each([
    ['500ms', 500],
    ['60s', 60_000],
    ['1h', 3_600_000],
    ['2d', 172_800_000],
  ])('%s', (text, expected) => {
    expect(durationSchema.parse(text)).toBe(text);
    expect(milliseconds(text)).toBe(expected);
  });

  test.each(['', 'soon', '-1s', '300', '1 parsec', '1s1s'])('%j is none', (text) => {
    expect(durationSchema.safeParse(text).success).toBe(false);
  });
});
