import type { Verdict } from './area';
import { areas } from './areas';
import type { Case, Catalogue } from './cases';
import { runInOrder } from './in-order';

/** What a lane is told. */
export type LaneOrder =
  { readonly do: 'catalogue' } | { readonly do: 'run'; readonly cases: readonly Case[] } | { readonly do: 'close' };

/** What a lane tells. */
export type LaneNews =
  | { readonly what: 'ready' }
  | { readonly what: 'catalogue'; readonly catalogue: Catalogue }
  | { readonly what: 'begins'; readonly id: string }
  | { readonly what: 'verdict'; readonly verdict: Verdict }
  | { readonly what: 'done' }
  | { readonly what: 'broken'; readonly error: string };

const tell = (news: LaneNews): void => {
  process.send?.(news);
};

/**
 * A process of its own with one world, in which cases run one after another. It ends with the first that was not well; what is left is
 * for another lane.
 */
async function main(area: string): Promise<void> {
  const start = areas[area];
  if (start === undefined) throw new RangeError(`there is no area ${area}`);
  const proving = await start();
  const work = async (order: LaneOrder): Promise<boolean> => {
    if (order.do === 'close') return false;
    if (order.do === 'catalogue') {
      tell({ what: 'catalogue', catalogue: await proving.catalogue() });
      return true;
    }
    const allWell = await runInOrder(proving, order.cases, {
      begins: ({ id }) => {
        tell({ what: 'begins', id });
      },
      verdict: (verdict) => {
        tell({ what: 'verdict', verdict });
      },
    });
    if (!allWell) return false;
    tell({ what: 'done' });
    return true;
  };

  const life: { closing: boolean } = { closing: false };
  const orders: LaneOrder[] = [];
  let wake = (): void => undefined;
  process.on('message', (order: LaneOrder) => {
    orders.push(order);
    wake();
  });
  // Whoever leads the lanes is gone: what was started for this one is stopped, and nothing more is told.
  process.on('disconnect', () => {
    if (life.closing) return;
    life.closing = true;
    void proving.close().finally(() => process.exit(1));
  });
  tell({ what: 'ready' });
  try {
    for (;;) {
      const order = orders.shift();
      if (order === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      if (!(await work(order))) break;
    }
  } finally {
    if (!life.closing) {
      life.closing = true;
      await proving.close();
    }
  }
}

main(process.argv[2] ?? '')
  .catch((error: unknown) => {
    tell({ what: 'broken', error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    process.exitCode = 1;
  })
  .finally(() => {
    if (process.connected) process.disconnect();
  });
