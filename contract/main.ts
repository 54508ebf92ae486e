import { parseArgs } from 'node:util';
import { Caller } from './caller';
import type { KeyPair } from './caller';
import { cleanUp } from './clean-up';
import { startOwnStage } from './own-simulator';
import { throughControlPort, throughMockCommands } from './preparer';
import { readScenarios } from './recording';
import type { Scenario } from './recording';
import { replayScenario } from './replay';
import type { ScenarioResult } from './replay';
import { jsonReport, textReport, verdictOf } from './report';
import { findWorld } from './world';

const help = `Replays recorded exchanges with a real CloudStack and says what agrees and what differs (docs/contract.md).

  npm run contract -- [OPTIONS]

Without --endpoint: against the simulator of this project, a fresh world for each scenario.

  --endpoint URL         the signed API of a server that has the world of the fixtures' README, e.g. http://HOST:8080/client/api
  --admin KEY:SECRET     keys of the root admin
  --user KEY:SECRET      keys of the normal user
  --control URL          switches of a simulator that runs by itself; without it the server's own mock commands are used
  --scenario NAME        this one only; may be given more than once
  --fixtures FOLDER      other recordings of the same form
  --keep                 leave behind what a scenario made (with --endpoint)
  --json                 the result as JSON
  --help

Exit code: 0 all agree, 1 something differs, 2 it could not be run. What cannot be prepared on a server is left out and said.

Examples
  npm run contract
  npm run contract -- --scenario volume-lifecycle --scenario custom-id
  npm run contract -- --endpoint http://10.0.0.5:8080/client/api --admin "$ADMIN_KEYS" --user "$USER_KEYS"
  npm run contract -- --fixtures ~/recordings/cloudstack-4.20.1.0 --json > result.json
`;

const ownFixtures = 'test/cloudstack/fixtures/cloudstack-4.22.1.0';

const options = {
  endpoint: { type: 'string' },
  admin: { type: 'string' },
  user: { type: 'string' },
  control: { type: 'string' },
  scenario: { type: 'string', multiple: true },
  fixtures: { type: 'string', default: ownFixtures },
  keep: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** What a person has to put right before anything can be replayed. */
class UsageError extends Error {}

/** Runs the suite with the arguments of a command line. @returns the exit code */
export async function runContract(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const scenarios = readScenarios(values.fixtures, values.scenario);
  const results =
    values.endpoint === undefined
      ? await againstSimulator(scenarios)
      : await againstEndpoint(scenarios, {
          endpoint: values.endpoint,
          admin: keyPair('--admin', values.admin),
          user: keyPair('--user', values.user),
          control: values.control,
          keep: values.keep,
        });
  process.stdout.write(values.json ? jsonReport(results) : textReport(results));
  return results.some((result) => verdictOf(result) === 'differs') ? 1 : 0;
}

function keyPair(option: string, text: string | undefined): KeyPair {
  const [apiKey, secretKey, ...rest] = (text ?? '').split(':');
  if (apiKey === undefined || apiKey === '' || secretKey === undefined || secretKey === '' || rest.length > 0) {
    throw new UsageError(`--endpoint needs ${option} KEY:SECRET`);
  }
  return { apiKey, secretKey };
}

async function againstSimulator(scenarios: readonly Scenario[]): Promise<ScenarioResult[]> {
  const results: ScenarioResult[] = [];
  for (const scenario of scenarios) {
    const stage = await startOwnStage();
    try {
      results.push(await replayScenario(stage, scenario));
    } finally {
      await stage.close();
    }
  }
  return results;
}

interface Target {
  readonly endpoint: string;
  readonly admin: KeyPair;
  readonly user: KeyPair;
  readonly control: string | undefined;
  readonly keep: boolean;
}

async function againstEndpoint(scenarios: readonly Scenario[], target: Target): Promise<ScenarioResult[]> {
  const admin = new Caller(target.endpoint, target.admin);
  const user = new Caller(target.endpoint, target.user);
  const results: ScenarioResult[] = [];
  for (const scenario of scenarios) {
    if (target.control !== undefined) await fetch(`${target.control}/reset`, { method: 'POST' });
    const { known, missing } = await findWorld(admin, user);
    if (missing.length > 0) {
      throw new UsageError(
        `${target.endpoint} has not the world of the recordings (test/cloudstack/fixtures/README.md). Missing:\n` +
          missing.map((each) => `  ${each}\n`).join(''),
      );
    }
    const zoneId = known['zone'] ?? '';
    const preparer =
      target.control === undefined
        ? throughMockCommands(admin, zoneId)
        : throughControlPort(target.control, admin, zoneId);
    const result = await replayScenario({ admin, user, known, preparer }, scenario);
    results.push(result);
    if (!target.keep && target.control === undefined) await cleanUp(admin, result.made);
  }
  return results;
}

if (require.main === module) {
  runContract(process.argv.slice(2)).then(
    (code) => (process.exitCode = code),
    (error: unknown) => {
      const told =
        error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') === true;
      process.stderr.write(`${told ? (error as Error).message : String(error)}\n`);
      if (told) process.stderr.write('npm run contract -- --help says more.\n');
      process.exitCode = 2;
    },
  );
}
