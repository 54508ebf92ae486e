import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const stepSchema = z.object({
  note: z.string().default(''),
  params: z.record(z.string(), z.string()),
  status: z.number(),
  contentType: z.string().default(''),
  body: z.unknown().optional(),
  text: z.string().optional(),
});
export type RecordedStep = z.output<typeof stepSchema>;

/** Exchanges with a real CloudStack 4.22.1.0, as fixtures/README.md describes them. */
const folder = path.join(__dirname, 'fixtures', 'cloudstack-4.22.1.0');

export const scenarios = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => {
    const recorded: unknown = JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
    return z.object({ scenario: z.string(), steps: z.array(stepSchema) }).parse(recorded);
  });

/** The bytes of an answer. */
export function answerText(step: RecordedStep): string {
  return step.text ?? JSON.stringify(step.body);
}
