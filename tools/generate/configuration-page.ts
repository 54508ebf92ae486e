import { z } from 'zod';
import { configurationSections } from '../../worker/config-schema';
import { code, generatedNotice, markdownTable } from './markdown';

const fieldSchema = z.looseObject({
  description: z.string(),
  type: z.string().optional(),
  enum: z.array(z.string()).optional(),
  default: z.unknown().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
});
const sectionSchema = z.object({
  properties: z.record(z.string(), fieldSchema),
  required: z.array(z.string()).default([]),
});

/**
 * docs/configuration.md, from the schema.
 *
 * @throws ZodError when a field has no description
 */
export function configurationPage(): string {
  return [
    generatedNotice,
    '# Configuration of a worker',
    '',
    'A TOML file, as in [examples/diskferry.toml](../examples/diskferry.toml); `diskferry config check FILE` checks it, `--connect` also tries what it names. Relative paths start at the folder of the file. A field that is not known is refused. Its JSON schema: [configuration.schema.json](configuration.schema.json).',
    '',
    "Temporal's own settings are not here: they are in `temporal.toml` and the variables `TEMPORAL_*`, as Temporal's own programs read them.",
    '',
    ...Object.entries(configurationSections).flatMap(([heading, section]) => [
      `## ${code(heading)}`,
      '',
      sectionTable(section),
      '',
    ]),
  ].join('\n');
}

function sectionTable(section: z.ZodType): string {
  const { properties, required } = sectionSchema.parse(z.toJSONSchema(section, { io: 'input' }));
  const rows = Object.entries(properties)
    .filter(([, field]) => field.type !== 'object')
    .map(([name, field]) => [code(name), kindOf(field), defaultOf(name, field, required), field.description]);
  return markdownTable(['field', 'value', 'default', 'meaning'], rows);
}

function kindOf({ type = 'text', enum: values, minimum, maximum }: z.output<typeof fieldSchema>): string {
  if (values !== undefined) return values.map(code).join(', ');
  const kind = { string: 'text', boolean: 'true or false', integer: 'whole number', number: 'number' }[type] ?? type;
  const bounded = minimum !== undefined && maximum !== undefined;
  return bounded ? `${kind}, ${String(minimum)} to ${String(maximum)}` : kind;
}

function defaultOf(name: string, field: z.output<typeof fieldSchema>, required: readonly string[]): string {
  if (field.default !== undefined) return code(JSON.stringify(field.default).replace(/^"|"$/g, ''));
  return required.includes(name) ? 'must be there' : '';
}
