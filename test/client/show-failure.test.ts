import { describe, expect, test } from '@jest/globals';
import { failureJson, failureText, recordOf } from '../../client/show-failure';
import { failureTable } from '../../domain/failure-table';
import type { FailureCode, FailureRecord } from '../../domain/failures';

/** The failure of a code, each field shown by its own name. */
function sample(code: FailureCode): FailureRecord {
  const row = failureTable[code];
  const names = [...`${row.message} ${row.next}`.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  const fill = (template: string): string => template.replace(/\{(\w+)\}/g, '<$1>');
  return {
    code,
    class: row.class,
    message: fill(row.message),
    next: fill(row.next),
    fields: Object.fromEntries(names.map((name) => [name, `<${name}>`])),
  };
}

describe.each(Object.keys(failureTable) as FailureCode[])('%s', (code) => {
  test('as text', () => {
    expect(failureText(sample(code))).toMatchSnapshot();
  });

  test('as JSON', () => {
    expect(failureJson(sample(code))).toMatchSnapshot();
  });
});

test('what is no failure of the table is a fault of ours', () => {
  expect(recordOf(new TypeError('x is not a function'), 'status')).toMatchObject({
    code: 'internal',
    message: 'Unexpected error in status: TypeError: x is not a function',
  });
});
