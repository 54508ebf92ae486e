import { parseArgs } from 'node:util';
import type { KeyPair } from './caller';
import { exercisesOf } from './exercises';
import { jsonReport, textReport, verdictOf } from './report';
import { runAgainst, runAgainstSimulator, WorldMissing } from './suite';

const help = `Replays recorded exchanges with a real CloudStack and says what agrees and what differs (docs/contract.md).

  npm run contract -- [OPTIONS]

Without --endpoint: against the simulator of this project, a fresh world for each scenario.

  --endpoint URL         the signed API of a server that has the world of the fixtures' README, e.g. http://HOST:8080/client/api
  --admin KEY:SECRET     keys of the root admin
  --user KEY:SECRET      keys of the normal user
  --control URL          switches of a simulator that runs by itself; without it the server's own mock commands are used
  --scenario NAME        this recording or check only; may be given more than once
  --fixtures FOLDER      other recordings of the same form, without the checks in code
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
  fixtures: { type: 'string' },
  keep: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** What a person has to put right before anything can be replayed. */
class UsageError extends Error {}

/**
 * Runs the suite with the arguments of a command line.
 *
 * @param write - takes what is printed
 * @returns the exit code, 0 or 1
 * @throws Error with what the person who called it has to put right
 */
export async function runContract(args: readonly string[], write: (text: string) => void): Promise<number> {
  const { values } = parseArgs({ args: joinKeys(args), options });
  if (values.help) {
    write(help);
    return 0;
  }
  const { endpoint, control, keep } = values;
  const exercises = exercisesOf(values.fixtures ?? ownFixtures, values.scenario ?? [], values.fixtures === undefined);
  const results =
    endpoint === undefined
      ? await runAgainstSimulator(exercises)
      : await runAgainst(
          { endpoint, control, keep, admin: keyPair('--admin', values.admin), user: keyPair('--user', values.user) },
          exercises,
        );
  write(values.json ? jsonReport(results) : textReport(results));
  return results.some((result) => verdictOf(result) === 'differs') ? 1 : 0;
}

/** API keys may begin with a dash (CloudStack: URL-safe base64), which parseArgs takes for an option: `--admin KEYS` is joined. */
function joinKeys(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const argument of args) {
    const before = joined.at(-1);
    if (before === '--admin' || before === '--user') joined[joined.length - 1] = `${before}=${argument}`;
    else joined.push(argument);
  }
  return joined;
}

function keyPair(option: string, text: string | undefined): KeyPair {
  const [apiKey, secretKey, ...rest] = (text ?? '').split(':');
  if (apiKey === undefined || apiKey === '' || secretKey === undefined || secretKey === '' || rest.length > 0) {
    throw new UsageError(`--endpoint needs ${option} KEY:SECRET`);
  }
  return { apiKey, secretKey };
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const usage = error instanceof UsageError || ('code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));
  if (usage) return `${error.message}\nnpm run contract -- --help says more.`;
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return error instanceof WorldMissing ? error.message : `${error.message}${cause}`;
}

if (require.main === module) {
  runContract(process.argv.slice(2), (text) => process.stdout.write(text)).then(
    (code) => (process.exitCode = code),
    (error: unknown) => {
      process.stderr.write(`${messageOf(error)}\n`);
      process.exitCode = 2;
    },
  );
}
