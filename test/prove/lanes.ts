import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Verdict } from './area';
import type { Case, Catalogue } from './cases';
import type { LaneNews, LaneOrder } from './lane';

/** One process with one world, as the process that leads it sees it. */
class Lane {
  readonly #process: ChildProcess;
  #current: string | undefined;

  constructor(
    area: string,
    private readonly hear: (news: LaneNews) => void,
  ) {
    this.#process = fork(join(__dirname, 'lane.ts'), [area], {
      execArgv: ['--require', join(__dirname, '..', 'support', 'typescript-require.cjs')],
      // What a worker and its SDK say goes to the world's own logs, or is of no interest here.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#process.on('message', (news: LaneNews) => {
      if (news.what === 'begins') this.#current = news.id;
      if (news.what === 'verdict') this.#current = undefined;
      this.hear(news);
    });
  }

  /** Resolves when the process has ended; with the case that it was in, if it died in one. */
  ended(): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.#process.once('exit', () => {
        resolve(this.#current);
      });
    });
  }

  order(order: LaneOrder): void {
    if (this.#process.connected) this.#process.send(order);
  }
}

/** The catalogue of an area, from a world of its own. @throws Error when an unhindered run is not well */
export async function catalogueOf(area: string): Promise<Catalogue> {
  let catalogue: Catalogue | undefined;
  let error = 'the lane ended without a word';
  const lane = new Lane(area, (news) => {
    if (news.what === 'ready') lane.order({ do: 'catalogue' });
    if (news.what === 'catalogue') {
      catalogue = news.catalogue;
      lane.order({ do: 'close' });
    }
    if (news.what === 'broken') error = news.error;
  });
  await lane.ended();
  if (catalogue === undefined) throw new Error(error);
  return catalogue;
}

/**
 * Runs cases in several lanes side by side, each with its share of them. A lane that ends with a case that was not well is followed by
 * another one, in a new world, for what is left.
 */
export async function runInLanes(
  area: string,
  cases: readonly Case[],
  lanes: number,
  hear: (verdict: Verdict) => void,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const note = (verdict: Verdict): void => {
    verdicts.push(verdict);
    hear(verdict);
  };
  const shares = Array.from({ length: lanes }, (_, lane) => cases.filter((_case, index) => index % lanes === lane));
  await Promise.all(shares.map((share) => runShare(area, share, note)));
  return verdicts;
}

async function runShare(area: string, share: readonly Case[], note: (verdict: Verdict) => void): Promise<void> {
  let left = [...share];
  while (left.length > 0) {
    const before = left.length;
    let broken = '';
    const lane: Lane = new Lane(area, (news) => {
      if (news.what === 'ready') lane.order({ do: 'run', cases: left });
      if (news.what === 'done') lane.order({ do: 'close' });
      if (news.what === 'broken') broken = news.error;
      if (news.what !== 'verdict') return;
      left = left.filter(({ id }) => id !== news.verdict.id);
      note(news.verdict);
    });
    const died = await lane.ended();
    if (died !== undefined) {
      left = left.filter(({ id }) => id !== died);
      note({ id: died, ends: [], problems: [`its process died: ${broken}`], seconds: 0, effects: [] });
    } else if (left.length === before) throw new Error(`a lane came to nothing: ${broken}`);
  }
}
