import { parseArgs } from 'node:util';
import type { Verdict } from './area';
import { areas } from './areas';
import { catalogueFile, writeCatalogue } from './catalogue';
import { allCasesOf } from './cases';
import { catalogueOf, runInLanes } from './lanes';
import { type Figures, figuresOf, writeGuarantees } from './guarantees';
import { shuffled, spreadOut } from './sample';

const USAGE = `usage: npm run prove [-- AREA...] [--list] [--only PATTERN] [--sample N] [--seed N] [--lanes N] [--json]
       npm run prove -- steps [FILE...]   every step and undo by itself (arguments of jest)
  AREA            ${Object.keys(areas).join(', ')}; all of them when none is named
  --list          the catalogue, and nothing is hindered
  --only PATTERN  a regular expression over the names of cases
  --sample N      N cases, spread out over the catalogue
  --seed N        which sample, and in which order (1)
  --lanes N       worlds side by side (2)
  --json          one JSON object a line
A whole run writes its figures to docs/guarantees.md. Exit code: 0 all well, 1 something was not, 2 wrong usage.
`;

interface Options {
  readonly list: boolean;
  readonly only: RegExp;
  readonly sample: number | undefined;
  readonly seed: number;
  readonly lanes: number;
  readonly json: boolean;
}

class UsageError extends Error {}

function optionsFrom(args: readonly string[]): { wanted: string[]; options: Options } {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      list: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      sample: { type: 'string' },
      seed: { type: 'string', default: '1' },
      lanes: { type: 'string', default: '2' },
      json: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.filter((name) => areas[name] === undefined);
  if (unknown.length > 0) throw new UsageError(`there is no area ${unknown.join(', ')}`);
  const number = (name: 'sample' | 'seed' | 'lanes', text: string): number => {
    if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--${name} takes a number from 1 on, not ${text}`);
    return Number(text);
  };
  return {
    wanted: positionals.length === 0 ? Object.keys(areas) : positionals,
    options: {
      list: values.list,
      only: new RegExp(values.only),
      sample: values.sample === undefined ? undefined : number('sample', values.sample),
      seed: number('seed', values.seed),
      lanes: number('lanes', values.lanes),
      json: values.json,
    },
  };
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Runs one area. @returns whether all was well */
async function prove(area: string, { list, only, sample, seed, lanes, json }: Options): Promise<boolean> {
  const begun = Date.now();
  if (!json) print(`${area}: each scenario once, unhindered, to see its effects and calls`);
  const heard = await catalogueOf(area);
  if (await writeCatalogue(area, heard)) process.stderr.write(`written: ${catalogueFile(area)}\n`);
  const catalogue = allCasesOf(heard);
  const matching = catalogue.filter(({ id }) => only.test(id));
  const cases = sample === undefined ? matching : spreadOut(matching, sample, seed);
  if (list) {
    for (const one of cases) print(json ? JSON.stringify(one) : one.id);
    if (!json) print(`${String(cases.length)} cases`);
    return true;
  }
  if (!json) print(`${area}: ${String(cases.length)} of ${String(catalogue.length)} cases, seed ${String(seed)}`);
  // A shuffled order meets each kind of case early, and what is wrong with it.
  const order = shuffled(cases, seed);
  let count = 0;
  const verdicts = await runInLanes(area, order, lanes, (verdict) => {
    count += 1;
    print(json ? JSON.stringify(verdict) : progressLine(verdict, count, cases.length));
  });
  const figures = figuresOf(area, cases, verdicts, (Date.now() - begun) / 1000);
  report(figures, verdicts, json);
  if (cases.length === catalogue.length) await writeGuarantees(figures);
  return figures.bad === 0;
}

function progressLine({ id, ends, problems, seconds }: Verdict, count: number, all: number): string {
  const head = `[${String(count).padStart(String(all).length)}/${String(all)}] ${problems.length === 0 ? 'well' : 'BAD '}`;
  const line = `${head} ${seconds.toFixed(1).padStart(5)} s  ${id} → ${ends.join(' | ')}`;
  return [line, ...problems.map((problem) => `    ${problem}`)].join('\n');
}

function report(figures: Figures, verdicts: readonly Verdict[], json: boolean): void {
  if (json) {
    print(JSON.stringify(figures));
    return;
  }
  const bad = verdicts.filter(({ problems }) => problems.length > 0);
  if (bad.length > 0) print('\nnot well:');
  for (const { id, problems } of bad) print([`  ${id}`, ...problems.map((problem) => `    ${problem}`)].join('\n'));
  print(`\n${figures.area}: ${String(figures.well)} well, ${String(figures.bad)} not, ${figures.seconds.toFixed(0)} s`);
}

async function main(): Promise<void> {
  const { wanted, options } = optionsFrom(process.argv.slice(2));
  for (const area of wanted) if (!(await prove(area, options))) process.exitCode = 1;
}

main().catch((error: unknown) => {
  const usage = error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') === true;
  process.stderr.write(usage ? `${String(error)}\n${USAGE}` : `${error instanceof Error ? (error.stack ?? '') : ''}\n`);
  process.exitCode = usage ? 2 : 1;
});
