import { expect, test } from '@jest/globals';
import { Expectations } from '../../client/failover-demo/expectations';

test('what held is kept in order, once; what does not hold ends the demo and is named', () => {
  const expectations = new Expectations();
  expectations.hold('the sandbox comes up', true, '');
  expectations.hold('the sandbox comes up', true, '');
  expectations.same('two paths', ['a', 'b'], ['a', 'b']);
  for (const [found, words] of [
    [['a'], 'a instead of a, b'],
    [['b', 'a'], 'b, a instead of a, b'],
    [[], 'nothing instead of a, b'],
  ] as const) {
    expect(() => {
      expectations.same('other paths', found, ['a', 'b']);
    }).toThrow(`The demo expected: other paths. It found: ${words}`);
  }
  expect(() => {
    expectations.hold('nothing is left over', false, 'VM pgtest1');
  }).toThrow(expect.objectContaining({ name: 'demo-failed' }));
  expect(expectations.held).toEqual(['the sandbox comes up', 'two paths']);
});
