import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const stepSchema = z.object({
  note: z.string().default(''),
  as: z.enum(['admin', 'user']),
  method: z.enum(['GET', 'POST']),
  params: z.record(z.string(), z.string()),
  status: z.number(),
  contentType: z.string().default(''),
  xDescription: z.string().optional(),
  signed: z.enum(['badsecret', 'nokey']).optional(),
  body: z.record(z.string(), z.unknown()).optional(),
  text: z.string().optional(),
  millis: z.number().optional(),
  polledForMillis: z.number().optional(),
});

const scenarioSchema = z.object({
  scenario: z.string(),
  about: z.string().default(''),
  server: z.string().default(''),
  steps: z.array(stepSchema).min(1),
});

/** One recorded exchange. */
export type Step = z.output<typeof stepSchema>;
/** Exchanges that belong together, in their order, beginning in the world of the fixtures' README. */
export type Scenario = z.output<typeof scenarioSchema>;

/**
 * Reads the recordings of a folder (form: test/cloudstack/fixtures/README.md), by name.
 *
 * @param names - these only; all when empty
 * @throws Error when the folder cannot be read or holds none, a name is not there, or a file is no recording
 */
export function readScenarios(folder: string, names: readonly string[] = []): Scenario[] {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort();
  if (files.length === 0) throw new Error(`${folder} holds no recordings (*.json)`);
  const scenarios = files.map((file) => readScenario(join(folder, file)));
  const missing = names.filter((name) => !scenarios.some(({ scenario }) => scenario === name));
  if (missing.length > 0) {
    const known = scenarios.map(({ scenario }) => scenario).join(', ');
    throw new Error(`${folder} has no scenario ${missing.join(', ')}; it has ${known}`);
  }
  return scenarios.filter(({ scenario }) => names.length === 0 || names.includes(scenario));
}

function readScenario(file: string): Scenario {
  try {
    return scenarioSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new Error(
      `${file} is no recording: ${error instanceof z.ZodError ? z.prettifyError(error) : String(error)}`,
      {
        cause: error,
      },
    );
  }
}

/** What stands under the one key of an answer. */
export function contentOf(body: unknown): Fields | undefined {
  if (!isFields(body)) return undefined;
  const content = Object.values(body)[0];
  return isFields(content) ? content : undefined;
}

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The state of the job that an answer of queryAsyncJobResult tells of: 0 pending, 1 done, 2 failed. */
export function jobStatusOf(command: string | undefined, body: unknown): number | undefined {
  const status = command === 'queryAsyncJobResult' ? contentOf(body)?.['jobstatus'] : undefined;
  return typeof status === 'number' ? status : undefined;
}

/** The job that the answer to an asynchronous command names. */
export function startedJobOf(step: Pick<Step, 'params' | 'status'>, body: unknown): string | undefined {
  if (step.params['command'] === 'queryAsyncJobResult' || step.status !== 200) return undefined;
  const jobId = contentOf(body)?.['jobid'];
  return typeof jobId === 'string' ? jobId : undefined;
}
