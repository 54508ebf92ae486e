import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../stack/package-root';
import { markdownTable } from '../../tools/generate/markdown';
import type { Verdict } from './area';
import type { Case } from './cases';

/** What a run of an area came to. */
export interface Figures {
  readonly area: string;
  readonly seconds: number;
  readonly well: number;
  readonly bad: number;
  readonly scenarios: readonly ScenarioFigures[];
}

interface ScenarioFigures {
  readonly name: string;
  readonly effects: number;
  readonly cuts: number;
  readonly calls: number;
  readonly hindered: number;
  /** how often each end was seen */
  readonly ends: Readonly<Record<string, number>>;
  readonly bad: number;
}

export function figuresOf(
  area: string,
  cases: readonly Case[],
  verdicts: readonly Verdict[],
  seconds: number,
): Figures {
  const verdictOf = new Map(verdicts.map((verdict) => [verdict.id, verdict]));
  const isBad = (id: string): boolean => verdictOf.get(id)?.problems.length !== 0;
  const names = [...new Set(cases.map(({ scenario }) => scenario))];
  const bad = cases.filter(({ id }) => isBad(id)).length;
  return {
    area,
    seconds,
    well: cases.length - bad,
    bad,
    scenarios: names.sort().map((name) => {
      const mine = cases.filter(({ scenario }) => scenario === name);
      const effects = mine.flatMap(({ fault }) => (fault.kind === 'cut' ? [fault.effect] : []));
      const calls = mine.flatMap(({ fault }) => (fault.kind === 'call' ? [fault.call] : []));
      const ends: Record<string, number> = {};
      for (const end of mine.flatMap(({ id }) => verdictOf.get(id)?.ends ?? [])) ends[end] = (ends[end] ?? 0) + 1;
      return {
        name,
        effects: new Set(effects).size,
        cuts: effects.length,
        calls: new Set(
          calls.map(({ command, nth, diskKey }) => `${command} ${String(diskKey === undefined)} ${String(nth)}`),
        ).size,
        hindered: calls.length,
        ends,
        bad: mine.filter(({ id }) => isBad(id)).length,
      };
    }),
  };
}

const GUARANTEES = join(packageRoot(), 'docs', 'guarantees.md');

/** Puts the figures of a whole run between the marks of its area in docs/guarantees.md. @throws Error when the marks are missing */
export async function writeGuarantees(figures: Figures): Promise<void> {
  const before = await readFile(GUARANTEES, 'utf8');
  const [begin, end] = [`<!-- begin: npm run prove -- ${figures.area} -->`, `<!-- end: ${figures.area} -->`];
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${GUARANTEES} has no part for ${figures.area}: ${begin} … ${end}`);
  await writeFile(GUARANTEES, `${before.slice(0, from)}${begin}\n\n${section(figures)}\n\n${before.slice(to)}`);
}

function section({ area, seconds, well, bad, scenarios }: Figures): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: packageRoot(), encoding: 'utf8' }).trim();
  const day = new Date().toISOString().slice(0, 10);
  const rows = scenarios.map(({ name, effects, cuts, calls, hindered, ends, bad: not }) => [
    name,
    `${String(effects)} effects, ${String(cuts)} cuts`,
    `${String(calls)} calls, ${String(hindered)} faults`,
    Object.entries(ends)
      .map(([end, count]) => `${end}: ${String(count)}`)
      .join('; '),
    String(not),
  ]);
  return [
    `\`npm run prove -- ${area}\` on ${day} at ${commit}: ${String(well + bad)} cases, ${String(well)} well, ${String(bad)} not, in ${String(Math.round(seconds / 60))} minutes.`,
    '',
    markdownTable(['run', 'cut off on both sides', 'calls hindered', 'how the runs ended', 'not well'], rows),
  ].join('\n');
}
