import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { faultSchema } from '../../simulator/fault-kinds';
import { simulatedSite } from './simulated-site';
import type { SimulatedSite } from './simulated-site';

const text = readFileSync(join(__dirname, '..', '..', 'docs', 'simulator.md'), 'utf8');
const examples = [...text.matchAll(/^curl -d '(.*)' \$CONTROL(\/\S+)$/gm)].map(
  ([, body = '', path = '']) => [path, body] as const,
);

describe('the examples of docs/simulator.md', () => {
  let site: SimulatedSite;
  beforeAll(async () => {
    site = await simulatedSite();
  });
  afterAll(async () => {
    await site.close();
  });

  test.each(examples)('%s %s', async (path, body) => {
    await site.control('POST', path, JSON.parse(body));
    await site.control('DELETE', '/faults');
  });

  test('there is one of every kind of fault', () => {
    const shown = examples.filter(([path]) => path === '/faults').map(([, body]) => kindOf(body));
    const kinds = faultSchema.options.map((option) => option.shape.kind.value);
    expect([...new Set(shown)].sort()).toEqual([...kinds].sort());
  });
});

function kindOf(body: string): string {
  return faultSchema.parse(JSON.parse(body)).kind;
}
