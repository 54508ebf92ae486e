import { z } from 'zod';
import { failoverGroupRequestSchema, failoverRequestSchema } from '../../domain/failover-request';
import { replicationRequestSchema } from '../../domain/request';
import { configurationSchema } from '../../worker/config-schema';

/** The JSON schemas of the requests and of the configuration, as they are written by hand: what has a default may be left out. */
export function schemaFiles(): Readonly<Record<string, string>> {
  return {
    'docs/request.schema.json': schemaText(
      replicationRequestSchema,
      'Diskferry replication request',
      'What `diskferry replicate` takes; see request.md.',
    ),
    'docs/failover-request.schema.json': schemaText(
      failoverRequestSchema,
      'Diskferry failover request',
      'What `diskferry failover test` and `failover live` take; see failover-request.md. On the command line "finalSync" may also be true.',
    ),
    'docs/failover-group.schema.json': schemaText(
      failoverGroupRequestSchema,
      'Diskferry failover group',
      'What `diskferry failover group` takes; see failover-request.md.',
    ),
    'docs/configuration.schema.json': schemaText(
      configurationSchema,
      'Diskferry configuration',
      "The worker's configuration; TOML has the same shape.",
    ),
  };
}

function schemaText(schema: z.ZodType, title: string, description: string): string {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return `${JSON.stringify({ $schema, title, description, ...rest }, undefined, 2)}\n`;
}
