import type { PathWatch, PathWatcher } from '../../stack/path-watcher';
import type { HashLine } from './contents';
import { mappingLines, type MappingRow } from './mapping-rows';
import type { Narrator } from './narrator';

/** What a stage has shown; `--json` prints it. */
export interface StageReport {
  readonly name: string;
  readonly seconds: number;
  /** the mapping tables, each with its moment */
  readonly tables: readonly { readonly when: string; readonly mappings: readonly MappingRow[] }[];
  readonly hashes: readonly HashLine[];
  readonly watcher: PathWatch;
}

/** Collects what a stage shows, while it is shown. */
export class Stage {
  readonly #tables: { when: string; mappings: readonly MappingRow[] }[] = [];
  readonly #hashes: HashLine[] = [];
  readonly #began: number;

  constructor(
    readonly name: string,
    private readonly narrator: Narrator,
  ) {
    this.#began = narrator.seconds;
  }

  table(when: string, mappings: readonly MappingRow[]): void {
    this.#tables.push({ when, mappings });
    this.narrator.event(`mappings ${when}`);
    this.narrator.block(mappingLines(mappings));
  }

  hashes(lines: readonly HashLine[]): void {
    this.#hashes.push(...lines);
  }

  /** Says how long it took and what the watcher has seen. */
  end(watcher: PathWatcher): StageReport {
    const seconds = Math.round(10 * (this.narrator.seconds - this.#began)) / 10;
    const watch = watcher.seen();
    this.narrator.line(
      `  took ${seconds.toFixed(1)} s; the watcher has asked ${String(watch.asked)} times, device paths that stood twice: ${watch.duplicates.join(', ') || 'none'}`,
    );
    return { name: this.name, seconds, tables: this.#tables, hashes: this.#hashes, watcher: watch };
  }
}
