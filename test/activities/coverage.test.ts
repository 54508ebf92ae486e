import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { failoverSteps, failoverUndos, pointWork } from '../../domain/failover-steps';
import { steps, undos } from '../../domain/steps';

const texts = readdirSync(__dirname)
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => readFileSync(path.join(__dirname, name), 'utf8'))
  .join('\n');

test.each(Object.keys(steps))('step %s has its contract', (step) => {
  expect(texts).toContain(`stepContract('${step}'`);
});

test.each(Object.keys(undos))('undo %s has its contract', (undo) => {
  expect(texts).toContain(`undoContract('${undo}'`);
});

test.each(Object.keys(failoverSteps))('failover step %s has its contract', (step) => {
  expect(texts).toContain(`failoverStepContract('${step}'`);
});

test.each(Object.keys(failoverUndos))('failover undo %s has its contract', (undo) => {
  expect(texts).toContain(`failoverUndoContract('${undo}'`);
});

test.each([...Object.keys(pointWork), 'runHook'])('%s has its contract', (name) => {
  expect(texts).toContain(`pointWorkContract('${name}'`);
});
