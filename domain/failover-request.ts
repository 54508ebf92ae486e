import { z } from 'zod';
import { durationSchema } from './duration';
import { diskKeySchema, siteNameSchema, sourceIdSchema, uuidSchema } from './identifiers';
import { budgetDefaults, budgetsSchema, replicationRequestSchema } from './request';

/**
 * The failover request, schema version 1: what `failover test` and `failover live` are started with. Frozen, as the replication
 * request is: zod runs again when a workflow is replayed.
 */

const nameOrIdSchema = z.string().min(1).max(255);

/** Name of a [site.SITE.hook.NAME] section of the worker's configuration: a request names a command, it never carries one. */
export const hookNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'must be the name of a [site.NAME.hook.NAME] section: a-z 0-9 . _ -');

/** CloudStack names a VM as a host: letters, digits and hyphens (NetUtils.verifyDomainNameLabel). */
export const failoverVmNameSchema = z
  .string()
  .regex(
    /^[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/,
    'must be a host name: 1 to 63 letters, digits and hyphens, beginning with a letter and not ending with a hyphen',
  );

const macAddressSchema = z
  .string()
  .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i, 'must be a MAC address such as 02:00:4c:4f:4f:50')
  .transform((value) => value.toLowerCase());

/** The VM that the disks are to become. */
export const failoverTargetSchema = z.strictObject({
  name: failoverVmNameSchema.describe('name of the new VM; must be free in CloudStack'),
  serviceOffering: nameOrIdSchema.describe('name or id of a service offering'),
  cpus: z.int().min(1).max(1024).optional().describe('of a custom service offering'),
  memoryMib: z.int().min(32).max(16_777_216).optional().describe('of a custom service offering, in MiB'),
  template: nameOrIdSchema.describe(
    'name or id of the template that the shell VM is made from; its root is thrown away',
  ),
  hypervisor: z.string().min(1).max(50).optional().describe('where the template does not say'),
  networks: z
    .array(
      z.strictObject({
        network: nameOrIdSchema.describe('name or id'),
        macAddress: macAddressSchema.optional(),
      }),
    )
    .min(1, 'must name at least one network')
    .max(16)
    .describe('one network card each, in this order; the first is the default'),
  firmware: z.enum(['bios', 'uefi', 'uefi-secure']).default('bios'),
  osType: nameOrIdSchema.optional().describe("id of CloudStack's OS type of the guest; the template's without it"),
  rootDiskController: z
    .enum(['virtio', 'scsi', 'ide', 'sata'])
    .optional()
    .describe('bus of the root disk; CloudStack chooses without it'),
  dataDiskController: z.enum(['virtio', 'scsi', 'ide', 'sata']).optional(),
});
export type FailoverTarget = z.output<typeof failoverTargetSchema>;

/** What prepares the guest between the arrival of its disks and its start. */
export const guestStepSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('convert').describe('virt-v2v-in-place, on the appliance') }),
  z.strictObject({ kind: z.literal('hook'), hook: hookNameSchema.describe('a command of the worker configuration') }),
]);
export type GuestStep = z.output<typeof guestStepSchema>;

const commonShape = {
  schemaVersion: z.literal(1),
  requestId: uuidSchema.optional().describe('chosen by the caller: the same id with the same content is one run'),
  site: siteNameSchema,
  source: z.strictObject({ id: sourceIdSchema, vm: uuidSchema, name: z.string().min(1).max(200) }),
  appliance: uuidSchema.describe('CloudStack uuid of the appliance that has the replicas'),
  account: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('CloudStack account that owns VM and volumes; needs domainId'),
  domainId: uuidSchema.optional(),
  projectId: uuidSchema.optional(),
  target: failoverTargetSchema,
  guest: guestStepSchema.optional().describe('prepares the guest before its start'),
  health: z
    .strictObject({
      hook: hookNameSchema.optional().describe('asked after the start; its exit code 0 means healthy'),
      within: durationSchema.default('10m').describe('how long the VM may take'),
    })
    .default({ within: '10m' }),
  allowUnverified: z
    .string()
    .min(1)
    .max(500)
    .optional()
    .describe('a reason: fails over replicas that are not verified; the reason is logged and kept'),
  budgets: budgetsSchema.default(budgetDefaults),
} as const;

/** How long before the end of a lease the state says so, where the request names nothing else. */
export const defaultReminder = '1h';

export const testFailoverRequestSchema = z.strictObject({
  ...commonShape,
  kind: z.literal('test'),
  from: z
    .union([z.literal('replicas'), z.literal('latest-point'), uuidSchema])
    .default('replicas')
    .describe('replicas: fresh snapshots of the verified replicas; latest-point, or the id of a recovery point'),
  lease: durationSchema.default('4h').describe('how long the sandbox lives; then it is removed, whatever happened'),
  reminder: durationSchema
    .default(defaultReminder)
    .describe(
      'how long before the end of the lease the state says so; that of a lease shorter than 4h comes in its last quarter',
    ),
});

export const liveFailoverRequestSchema = z.strictObject({
  ...commonShape,
  kind: z.literal('live'),
  quiesce: z
    .discriminatedUnion('by', [
      z.strictObject({
        by: z.literal('hook'),
        hook: hookNameSchema,
        resumeHook: hookNameSchema.optional().describe('called when the failover is taken back'),
      }),
      z.strictObject({ by: z.literal('update').describe('waits until `failover confirm --quiesced` says so') }),
    ])
    .optional()
    .describe('stops the source VM from writing before the final sync'),
  finalSync: replicationRequestSchema
    .optional()
    .describe('replicates once more, with the source quiesced, before the replicas are moved'),
  confirm: z.boolean().default(false).describe('true: waits for `failover confirm` before the VM is started'),
});

/** A test or a live failover. */
export const failoverRequestSchema = z
  .discriminatedUnion('kind', [testFailoverRequestSchema, liveFailoverRequestSchema])
  .superRefine((request, context) => {
    if (request.account !== undefined && request.domainId === undefined) {
      context.addIssue({ code: 'custom', path: ['domainId'], message: 'is needed with account' });
    }
    if (request.account !== undefined && request.projectId !== undefined) {
      context.addIssue({ code: 'custom', path: ['projectId'], message: 'must not stand beside account' });
    }
    if (request.kind !== 'live' || request.finalSync === undefined) return;
    const { site, source, appliance } = request.finalSync;
    if (site !== request.site || source.id !== request.source.id || source.vm !== request.source.vm) {
      context.addIssue({ code: 'custom', path: ['finalSync', 'source'], message: 'must be the VM of the failover' });
    }
    if (appliance !== request.appliance) {
      context.addIssue({
        code: 'custom',
        path: ['finalSync', 'appliance'],
        message: 'must be the appliance of the failover',
      });
    }
  });
export type FailoverRequest = z.output<typeof failoverRequestSchema>;
export type TestFailoverRequest = Extract<FailoverRequest, { kind: 'test' }>;
export type LiveFailoverRequest = Extract<FailoverRequest, { kind: 'live' }>;

/** The way back from a live failover: what the VM wrote since then is thrown away, after it was snapshotted. */
export const failBackRequestSchema = z.strictObject({
  schemaVersion: z.literal(1),
  requestId: uuidSchema.optional(),
  site: siteNameSchema,
  source: z.strictObject({ id: sourceIdSchema, vm: uuidSchema, name: z.string().min(1).max(200) }),
  appliance: uuidSchema,
  projectId: uuidSchema.optional(),
  discardWrites: z
    .literal(true)
    .describe('true: the writes of the failover VM are given up (a recovery point of them is kept)'),
  budgets: budgetsSchema.default(budgetDefaults),
});
export type FailBackRequest = z.output<typeof failBackRequestSchema>;

/** Back to a recovery point: volumes made from its snapshots take the places of the torn ones. */
export const revertRequestSchema = z.strictObject({
  schemaVersion: z.literal(1),
  requestId: uuidSchema.optional(),
  site: siteNameSchema,
  source: z.strictObject({ id: sourceIdSchema, vm: uuidSchema, name: z.string().min(1).max(200) }),
  appliance: uuidSchema,
  account: z.string().min(1).max(100).optional(),
  domainId: uuidSchema.optional(),
  projectId: uuidSchema.optional(),
  to: z.union([z.literal('latest-point'), uuidSchema]),
  budgets: budgetsSchema.default(budgetDefaults),
});
export type RevertRequest = z.output<typeof revertRequestSchema>;

/** Several VMs in one failover: stages one after another, the VMs of a stage side by side. */
export const failoverGroupRequestSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    requestId: uuidSchema.optional(),
    name: siteNameSchema.describe('of the group'),
    onFailure: z
      .enum(['stop', 'continue', 'undo-all'])
      .default('stop')
      .describe('stop: begins no further stage; continue: goes on with the others; undo-all: takes back every member'),
    stages: z
      .array(
        z.strictObject({
          members: z.array(failoverRequestSchema).min(1).max(32),
          pause: durationSchema
            .default('0s')
            .describe('after all members of the stage are ready, before the next stage'),
        }),
      )
      .min(1, 'must have at least one stage')
      .max(32),
  })
  .superRefine((group, context) => {
    const seen = new Set<string>();
    group.stages.forEach((stage, stageIndex) => {
      stage.members.forEach(({ site, source }, memberIndex) => {
        const vm = `${site}/${source.id}/${source.vm}`;
        const path = ['stages', stageIndex, 'members', memberIndex, 'source', 'vm'];
        if (seen.has(vm)) context.addIssue({ code: 'custom', path, message: `is ${vm}, which the group has already` });
        seen.add(vm);
      });
    });
    const kinds = new Set(group.stages.flatMap((stage) => stage.members.map((member) => member.kind)));
    if (kinds.size > 1) {
      context.addIssue({ code: 'custom', path: ['stages'], message: 'must be all test or all live failovers' });
    }
  });
export type FailoverGroupRequest = z.output<typeof failoverGroupRequestSchema>;

/** Which disk goes where on the failover VM: the boot disk is 0, data disks follow in key order; 3 is CloudStack's CD-ROM. */
export function failoverDeviceIds(
  disks: readonly { readonly diskKey: number; readonly boot: boolean }[],
): ReadonlyMap<number, number> {
  const ids = new Map<number, number>();
  let next = 1;
  for (const disk of [...disks].sort((a, b) => a.diskKey - b.diskKey)) {
    if (disk.boot) ids.set(diskKeySchema.parse(disk.diskKey), 0);
    else {
      ids.set(diskKeySchema.parse(disk.diskKey), next);
      next += next === 2 ? 2 : 1;
    }
  }
  return ids;
}
