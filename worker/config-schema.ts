import { z } from 'zod';
import { durationSchema, milliseconds } from '../domain/duration';
import { hookNameSchema } from '../domain/failover-request';
import { siteNameSchema, uuidSchema } from '../domain/identifiers';

/**
 * The worker's configuration as it stands in the TOML file (examples/diskferry.toml). Unknown fields are refused: a misspelt one
 * would silently mean its default. Temporal's own settings are not here but in temporal.toml and TEMPORAL_*.
 */

const path = z.string().min(1, 'must be the path of a file');

const databaseSection = z
  .strictObject({
    url_env: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
      .optional()
      .describe('name of the environment variable that holds the URL'),
    url: z
      .string()
      .refine(
        (text) => URL.canParse(text) && /^(mysql|mariadb):$/.test(new URL(text).protocol),
        'must be a URL such as mysql://user@host:3306/diskferry',
      )
      .refine(
        (text) => !URL.canParse(text) || new URL(text).password === '',
        'must not hold a password; put it into the file that password_file names, or the whole URL into the variable that url_env names',
      )
      .optional()
      .describe('mysql://user@host:3306/diskferry, without a password'),
    password_file: path.optional().describe('file that holds the password'),
  })
  .refine((section) => (section.url === undefined) !== (section.url_env === undefined), {
    message: 'must have either url or url_env',
  });

const applianceSection = z.strictObject({
  identity: z
    .enum(['dmi', 'nic', 'file'])
    .describe('how a worker proves that it runs on this VM: DMI uuid, MAC addresses of its network cards, or a file'),
  identity_file: path.default('/etc/diskferry/appliance-id').describe('with identity = "file": holds the VM\'s uuid'),
  by_id_directory: path.default('/dev/disk/by-id').describe('stable links to the devices'),
  sysfs_block_directory: path.default('/sys/block').describe('what the kernel says about the devices'),
  exports_directory: path.default('/run/diskferry/exports').describe('folder of the links that nbdkit serves'),
  simulated: z.boolean().default(false).describe('true: regular files may stand for block devices'),
  max_copies: z.int().min(1).max(64).default(2).describe('copies that run at the same time'),
  device_wait: durationSchema
    .default('60s')
    .describe('how long a device may take to appear after its volume is attached'),
});

/** An activity that runs a command ends after twelve hours, and would begin it anew. */
const LONGEST_COMMAND_MS = 11 * 3_600_000;

const commandTimeout = durationSchema.refine((text) => {
  const limit = milliseconds(text);
  return limit >= 1 && limit <= LONGEST_COMMAND_MS;
}, 'must be more than 0 and at most 11h');

const command = z
  .array(z.string().refine((argument) => !argument.includes('\0'), 'must not hold a zero byte'))
  .refine((argv) => argv[0] !== undefined && argv[0] !== '', 'must begin with a program')
  .describe('program and arguments, as they are: no shell reads them');

const hookSection = z.strictObject({
  command,
  timeout: commandTimeout.default('5m').describe('how long one run may take; then it is ended'),
});

const convertSection = z.strictObject({
  command: command.default(['virt-v2v-in-place']),
  timeout: commandTimeout.default('2h').describe('how long a conversion may take; then it is ended'),
});

const siteSection = z.strictObject({
  endpoint: z
    .url({ protocol: /^https?$/, error: 'must be the URL of the API, such as https://cloud.example/client/api' })
    .describe("URL of CloudStack's API"),
  api_key_file: path.describe('file that holds the API key'),
  secret_key_file: path.describe('file that holds the secret key'),
  zone: z.string().min(1).describe('name or id of the zone that volumes are made in'),
  disk_offering: z.string().min(1).describe('name or id of a disk offering with a custom size'),
  settle_time: durationSchema.default('60s').describe('how long a ghost disk may still appear'),
  recovery_points: z.int().min(0).max(100).default(1).describe('recovery points that are kept of each VM'),
  reconcile_every: durationSchema
    .default('15m')
    .describe('how often the job table is compared with Temporal, by a Temporal schedule'),
  requests_per_second: z
    .number()
    .positive('must be more than 0')
    .max(1000)
    .default(10)
    .describe("activities per second on this site's queue, over all workers"),
  new_volumes_are_zero: z.boolean().default(false).describe('true: a volume that was just made reads as zeros'),
  data_disk_limit: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe('data disks of one VM, where what CloudStack lists is not so'),
  appliance: z
    .record(uuidSchema, applianceSection)
    .default({})
    .describe('the VMs that volumes are attached to, each under its CloudStack uuid'),
  hook: z.record(hookNameSchema, hookSection).default({}).describe('commands that failover requests may name'),
  convert: convertSection
    .optional()
    .describe('what converts a guest on an appliance, called with -i libvirtxml FILE; virt-v2v-in-place without it'),
});

/** A port that anybody may be given: Prometheus often is on another machine. */
const listenAddress = z
  .string()
  .regex(
    /^([\w.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/,
    'must be an address with a port, such as 0.0.0.0:9464 or 127.0.0.1:9464',
  );

const workerSection = z.strictObject({
  log_level: z
    .enum(['trace', 'debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('what is logged: this and what is worse; `debug` has each call of CloudStack'),
  log_file: path.optional().describe('file that the log is appended to, instead of standard output'),
  health_listen: z
    .string()
    .regex(
      /^(127(\.\d{1,3}){3}|localhost|\[::1\]):\d{1,5}$/,
      'must be a loopback address with a port, such as 127.0.0.1:8090',
    )
    .optional()
    .describe(
      'loopback address of the health endpoint (GET /health, GET /ready, GET /metrics); none without it; docs/service.md',
    ),
  metrics_listen: listenAddress
    .optional()
    .describe('address of GET /metrics for Prometheus, of any network; none without it; docs/metrics.md'),
  temporal_metrics_listen: listenAddress
    .optional()
    .describe("address at which Temporal's SDK shows its own metrics, and phases of runs; they are in /metrics too"),
});

export const configurationSchema = z.strictObject({
  database: databaseSection.describe('the database of Diskferry: one for all workers'),
  site: z
    .record(siteNameSchema, siteSection)
    .refine((sites) => Object.keys(sites).length > 0, 'must have at least one site: a [site.NAME] section')
    .describe('the CloudStack endpoints that this worker serves, each under a name of your own'),
  worker: workerSection.default({ log_level: 'info' }).describe('the worker process itself'),
});

export type ConfigurationFile = z.output<typeof configurationSchema>;

/** The sections by the heading that they have in the file. */
export const configurationSections = {
  '[database]': databaseSection,
  '[site.NAME]': siteSection,
  '[site.NAME.appliance.UUID]': applianceSection,
  '[site.NAME.hook.NAME]': hookSection,
  '[site.NAME.convert]': convertSection,
  '[worker]': workerSection,
} as const;

/** The fields that a section of the file may have, by its path; undefined where there is no such section. */
export function knownFields(sectionPath: readonly PropertyKey[]): readonly string[] | undefined {
  if (sectionPath.length === 0) return Object.keys(configurationSchema.shape);
  if (sectionPath[0] === 'database' && sectionPath.length === 1) return Object.keys(databaseSection.shape);
  if (sectionPath[0] === 'worker' && sectionPath.length === 1) return Object.keys(workerSection.shape);
  if (sectionPath[0] === 'site' && sectionPath.length === 2) return Object.keys(siteSection.shape);
  if (sectionPath[0] === 'site' && sectionPath[2] === 'appliance' && sectionPath.length === 4) {
    return Object.keys(applianceSection.shape);
  }
  if (sectionPath[0] === 'site' && sectionPath[2] === 'hook' && sectionPath.length === 4) {
    return Object.keys(hookSection.shape);
  }
  if (sectionPath[0] === 'site' && sectionPath[2] === 'convert' && sectionPath.length === 3) {
    return Object.keys(convertSection.shape);
  }
  return undefined;
}
