import { z } from 'zod';
import { durationSchema } from './duration';
import { bytesSchema, diskKeySchema, siteNameSchema, sourceIdSchema, uuidSchema } from './identifiers';

/**
 * The replication request, schema version 1. Frozen: zod runs again when a workflow is replayed, so a tightened rule or a
 * changed default would break running workflows. A change of meaning needs schema version 2.
 */

/** Refuses a URI that carries a password or user name: it would stand in Temporal's history for ever. */
const sourceUriSchema = z
  .string()
  .max(2000)
  .regex(/^nbds?(\+unix)?:\/\//, 'must be an NBD URI: nbd://HOST[:PORT]/EXPORT or nbd+unix:///EXPORT?socket=PATH')
  .refine(
    (uri) => !/^[a-z+]+:\/\/[^/?#]*@/i.test(uri),
    "must not carry a user name or password; credentials belong into the worker's configuration, by name",
  )
  .refine((uri) => URL.canParse(uri), 'must be a valid URI')
  .refine(
    (uri) => !/[?&](password|passwd|secret|token)=/i.test(uri),
    "must not carry a secret; credentials belong into the worker's configuration, by name",
  );

const absolutePathSchema = z
  .string()
  .max(4096)
  .regex(/^\/[^\0]*$/, 'must be an absolute path');

/** Where a disk's bytes come from. */
export const diskSourceSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('nbd').describe('pulled from an NBD server that the appliance can reach'),
    uri: sourceUriSchema,
  }),
  z.strictObject({
    kind: z.literal('file').describe('a raw image on the appliance itself'),
    path: absolutePathSchema,
  }),
]);

/** One disk of the source VM. */
export const diskRequestSchema = z.strictObject({
  key: diskKeySchema.describe("the disk's key at its source (VMware device key: 2000, 2001, …), never its position"),
  boot: z.boolean().optional().describe('true for the one disk that the VM boots from'),
  backingUuid: z.string().min(1).max(100).optional().describe('uuid of the backing disk: keys are reused, this is not'),
  sizeBytes: bytesSchema.min(1).describe('size of the disk in bytes; the volume is rounded up to whole GiB'),
  source: diskSourceSchema,
});

/** How long and how often is tried before the next thing happens. */
export const budgetsSchema = z.strictObject({
  stepAttempts: z
    .int()
    .min(1)
    .max(100)
    .default(5)
    .describe('tries of one step that CloudStack or the appliance failed'),
  provisioningAttempts: z
    .int()
    .min(1)
    .max(100)
    .default(3)
    .describe('provisioning rounds of the whole VM, each after the former was undone'),
  stepPause: durationSchema
    .default('2s')
    .describe('pause before the second try of a step; doubles with each further one'),
  provisioningPause: durationSchema
    .default('30s')
    .describe('pause before the second provisioning round; doubles with each further one'),
  undoAttentionAfter: durationSchema
    .default('1h')
    .describe('how long an undo may fail before the run needs attention (its retries go on)'),
});

export const budgetDefaults = {
  stepAttempts: 5,
  provisioningAttempts: 3,
  stepPause: '2s',
  provisioningPause: '30s',
  undoAttentionAfter: '1h',
} as const satisfies z.output<typeof budgetsSchema>;

export const replicationRequestSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    requestId: uuidSchema
      .optional()
      .describe('chosen by the caller: the same id with the same content is one run, however often it is sent'),
    site: siteNameSchema.describe("a [site.NAME] section of the worker's configuration"),
    source: z.strictObject({
      id: sourceIdSchema.describe('the place the VM comes from, for instance a vCenter'),
      vm: uuidSchema.describe("the VM's uuid there"),
      name: z.string().min(1).max(200).describe("the VM's name, for people"),
    }),
    appliance: uuidSchema.describe('CloudStack uuid of the VM that the volumes are attached to while data is written'),
    account: z.string().min(1).max(100).optional().describe('CloudStack account that owns the volumes; needs domainId'),
    domainId: uuidSchema.optional(),
    projectId: uuidSchema.optional().describe('CloudStack project that owns the volumes, instead of an account'),
    disks: z.array(diskRequestSchema).min(1, 'must name at least one disk').max(64),
    verify: z
      .literal('windows')
      .default('windows')
      .describe('windows: hashes of 1 GiB windows of source and volume are compared'),
    overwrite: z.boolean().default(false).describe('true: replicate again onto the volumes that this VM already has'),
    budgets: budgetsSchema.default(budgetDefaults),
  })
  .superRefine((request, context) => {
    const seen = new Map<number, number>();
    request.disks.forEach((disk, index) => {
      const first = seen.get(disk.key);
      if (first === undefined) seen.set(disk.key, index);
      else {
        context.addIssue({
          code: 'custom',
          path: ['disks', index, 'key'],
          message: `is ${String(disk.key)}, which disks[${String(first)}] has already; each disk needs a key of its own`,
        });
      }
    });
    const boot = request.disks.filter((disk) => disk.boot === true).length;
    if (request.disks.length > 0 && boot !== 1) {
      context.addIssue({
        code: 'custom',
        path: ['disks'],
        message: `must mark exactly one disk with "boot": true, not ${boot === 0 ? 'none' : String(boot)}`,
      });
    }
    if (request.account !== undefined && request.domainId === undefined) {
      context.addIssue({ code: 'custom', path: ['domainId'], message: 'is needed with account' });
    }
    if (request.account !== undefined && request.projectId !== undefined) {
      context.addIssue({ code: 'custom', path: ['projectId'], message: 'must not stand beside account' });
    }
  });

/** A request with every default filled in. */
export type ReplicationRequest = z.output<typeof replicationRequestSchema>;
export type DiskRequest = z.output<typeof diskRequestSchema>;
export type DiskSource = z.output<typeof diskSourceSchema>;
export type Budgets = z.output<typeof budgetsSchema>;

/** The problems of a zod error as sentences that name the field: `disks[1].key is 2000, which disks[0] has already; …`. */
export function describeProblems(error: z.ZodError): string[] {
  return error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') {
      const where = issue.path.length === 0 ? 'the top level' : formatPath(issue.path);
      return `${where} has unknown field${issue.keys.length > 1 ? 's' : ''} ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`;
    }
    return `${issue.path.length === 0 ? 'the document' : formatPath(issue.path)} ${issue.message}`;
  });
}

function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${String(part)}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );
}
