/* eslint max-lines: "off" -- one table, one row per failure: splitting it would hide a code given twice */
import { z } from 'zod';

/**
 * The one table of failures. Messages, `--json` errors, docs/troubleshooting.md and the types of Temporal's ApplicationFailures are made
 * from it. Codes are never reused. The order of every message: what, which disk, volume and owner, the cause in the other side's
 * own words; `next` is the operator's next command.
 *
 * Classes decide what the system does:
 * - `refused`: wrong request or site. No retry; what was made is taken back.
 * - `conflict`: somebody else holds it, and is named. No retry.
 * - `failed`: CloudStack or the appliance tried and it did not work. `stepAttempts` tries, then compensation and a new
 *   provisioning attempt.
 * - `unavailable`: nobody answered. Waits as long as it takes, visibly; never a reason to compensate.
 * - `unknown`: the outcome is not known. Observed, then decided.
 */
export const failureClassSchema = z.enum(['refused', 'conflict', 'failed', 'unavailable', 'unknown']);
export type FailureClass = z.output<typeof failureClassSchema>;

export interface FailureRow {
  readonly class: FailureClass;
  /** text with `{field}` placeholders */
  readonly message: string;
  /** what is behind it, for somebody who sees the code for the first time */
  readonly means: string;
  readonly systemDoes: string;
  /** text with `{field}` placeholders */
  readonly next: string;
  /** 1 failed, 2 wrong usage */
  readonly exitCode: 1 | 2;
}

const WAITS = 'waits and tries again for as long as it takes; undoes nothing';
const REFUSES = 'changes nothing';
const COUNTS =
  'tries again up to stepAttempts, then takes back what it made and provisions anew up to provisioningAttempts';

export const failureTable = {
  // The caller's side
  usage: {
    class: 'refused',
    message: '{problem}',
    means: 'The command was called with an option or argument that it does not take.',
    systemDoes: REFUSES,
    next: 'See: {command} --help',
    exitCode: 2,
  },
  'request-invalid': {
    class: 'refused',
    message: 'The request is not valid: {problems}',
    means:
      'The request file has fields that are missing, unknown, or contradict each other; every problem is listed, not only the first.',
    systemDoes: REFUSES,
    next: 'Correct the request; its fields are described in docs/request.md.',
    exitCode: 2,
  },
  'configuration-invalid': {
    class: 'refused',
    message: 'The configuration {file} is not valid: {problems}',
    means:
      'The configuration file does not follow its schema (docs/configuration.schema.json); every problem is listed.',
    systemDoes: 'does not start',
    next: 'Correct the file, then run: diskferry config check',
    exitCode: 2,
  },
  'site-unknown': {
    class: 'refused',
    message: 'Site {site} is not configured here; configured: {configured}',
    means: 'The request names a site for which the worker that took it has no section.',
    systemDoes: REFUSES,
    next: 'Add a [site.{site}] section to the worker\'s configuration, or correct the request\'s "site".',
    exitCode: 1,
  },
  'appliance-unknown': {
    class: 'refused',
    message: 'Appliance {applianceId} is not configured for site {site}; configured: {configured}',
    means: 'The request names an appliance for which the site has no section on that worker.',
    systemDoes: REFUSES,
    next: 'Correct the request\'s "appliance", or add a [site.{site}.appliance.{applianceId}] section to the worker\'s configuration.',
    exitCode: 1,
  },
  'vm-unknown': {
    class: 'refused',
    message: 'No replication of VM {vm} is known',
    means:
      'Neither the job table nor Temporal knows the VM by that name or id; often a typing error, another site, or another database.',
    systemDoes: REFUSES,
    next: 'See which VMs are known: diskferry list',
    exitCode: 1,
  },
  'vm-not-run': {
    class: 'refused',
    message: 'VM {vm} was adopted with its volumes ({volumes}); no run of Diskferry has replicated it yet',
    means:
      'Its volumes and mappings came over from the older installation. What they hold was never verified, and there is no run to show or to try again.',
    systemDoes: REFUSES,
    next: 'Replicate it, with "overwrite": true in the request: diskferry replicate REQUEST',
    exitCode: 1,
  },
  'nothing-known': {
    class: 'unavailable',
    message: 'Nothing is known of VM {vm} while not everybody answers: {cause}',
    means: 'A source of truth is silent, so "not known" would be a guess. What answers knows nothing of the VM.',
    systemDoes: REFUSES,
    next: 'Bring back what does not answer, or name the configuration (--config), then ask again.',
    exitCode: 1,
  },
  'vm-ambiguous': {
    class: 'refused',
    message: 'VM {vm} could be any of: {candidates}',
    means: 'The same name or id stands at several sites or sources.',
    systemDoes: REFUSES,
    next: 'Name one of them whole: [site/][source/]id',
    exitCode: 2,
  },
  'request-differs': {
    class: 'conflict',
    message: 'VM {vm} is held by workflow {holder} (run {runId}, phase {phase}), whose request differs: {differences}',
    means:
      'Two different requests for one VM: the first still runs, and the second would change its meaning under way.',
    systemDoes: REFUSES,
    next: 'Wait for it (diskferry watch {vm}) or stop it (diskferry cancel {vm}), then send the request again.',
    exitCode: 1,
  },
  'request-id-used': {
    class: 'conflict',
    message: 'Request id {requestId} was used before, for a different request of VM {vm}: {differences}',
    means:
      'A request id stands for one request for ever, so that sending it twice is safe. This one came with other contents.',
    systemDoes: REFUSES,
    next: 'Send the request with a new requestId, or with none.',
    exitCode: 1,
  },
  'vm-claimed': {
    class: 'conflict',
    message: 'VM {vm} is held by {holder} (run {runId}, {kind})',
    means: 'One run at a time works on a VM; another kind of run (replication, failover, release, repair) holds it.',
    systemDoes: REFUSES,
    next: 'See what it does (diskferry status {vm}); stop it with: diskferry cancel {vm}',
    exitCode: 1,
  },
  'run-ended': {
    class: 'failed',
    message: 'VM {vm}: workflow {workflowId} (run {runId}) has ended ({how}), though the job table said {phase}',
    means:
      "The workflow was terminated or timed out, so that it could not write its end into the job table. Seen at a look or by the site's schedule.",
    systemDoes: 'corrects the job table; what the run had made stays as it is',
    next: 'See what it left: diskferry doctor {site}. Then begin again: diskferry retry {vm}',
    exitCode: 1,
  },
  'update-refused': {
    class: 'refused',
    message: 'The run of VM {vm} does not take {update} now: {reason}',
    means:
      'The run is in a phase in which the wish makes no sense or would be dangerous, such as a cancel behind the point of no return.',
    systemDoes: REFUSES,
    next: 'See what it does: diskferry status {vm}',
    exitCode: 1,
  },

  // Preflight
  'zone-unknown': {
    class: 'refused',
    message: 'Site {site}: CloudStack lists no zone named or numbered {zone}',
    means:
      "The zone of the site's section is not in CloudStack's list for this key: misspelt, or the key belongs elsewhere.",
    systemDoes: REFUSES,
    next: 'Correct "zone" of [site.{site}] in the worker\'s configuration.',
    exitCode: 1,
  },
  'zone-disabled': {
    class: 'refused',
    message: 'Site {site}: zone {zone} is disabled, so CloudStack takes volumes of root admins only',
    means: 'An administrator has disabled the zone; CloudStack then refuses to make volumes there for everybody else.',
    systemDoes: REFUSES,
    next: 'Have the zone enabled in CloudStack, or correct "zone" of [site.{site}].',
    exitCode: 1,
  },
  'offering-unknown': {
    class: 'refused',
    message: 'Site {site}: CloudStack lists no disk offering named or numbered {offering}',
    means:
      "The disk offering of the site's section is not in CloudStack's list for this key: misspelt, removed, or of another domain.",
    systemDoes: REFUSES,
    next: 'Correct "disk_offering" of [site.{site}] in the worker\'s configuration.',
    exitCode: 1,
  },
  'offering-not-custom': {
    class: 'refused',
    message:
      'Site {site}: disk offering {offering} has a fixed size of {sizeGib} GiB, so volumes cannot get the size of their disks',
    means: "A replica must have its disk's size, rounded up to whole GiB; an offering of one size cannot give it.",
    systemDoes: REFUSES,
    next: 'Name a custom-sized disk offering as "disk_offering" of [site.{site}].',
    exitCode: 1,
  },
  'disk-too-large': {
    class: 'refused',
    message: 'Disk {diskKey}: {sizeGib} GiB is more than site {site} allows in one volume ({limitGib} GiB)',
    means: 'The disk is beyond a global setting of CloudStack, which would refuse the volume later.',
    systemDoes: REFUSES,
    next: 'Have the CloudStack setting custom.diskoffering.size.max (and storage.max.volume.size) raised, or leave the disk out.',
    exitCode: 1,
  },
  'disk-too-small': {
    class: 'refused',
    message: 'Disk {diskKey}: {sizeGib} GiB is less than site {site} allows in one volume ({limitGib} GiB)',
    means: 'The disk is below a global setting of CloudStack, which would refuse the volume later.',
    systemDoes: REFUSES,
    next: 'Have the CloudStack setting custom.diskoffering.size.min lowered, or leave the disk out.',
    exitCode: 1,
  },
  'appliance-missing': {
    class: 'refused',
    message: 'Appliance {applianceId}: CloudStack of site {site} lists no such VM for this key',
    means: "The VM is gone, or it is there and the key may not see it: CloudStack's list answers the same to both.",
    systemDoes: REFUSES,
    next: "Correct the id in the request and in [site.{site}.appliance.…]; the key's account must own the VM or be root admin.",
    exitCode: 1,
  },
  'appliance-not-running': {
    class: 'refused',
    message: 'Appliance {applianceId} ({name}) is {state}, not Running',
    means: 'Devices appear on a running VM only.',
    systemDoes: REFUSES,
    next: 'Start the appliance, then send the request again.',
    exitCode: 1,
  },
  'appliance-elsewhere': {
    class: 'refused',
    message: 'Appliance {applianceId} is in zone {zone}, volumes of site {site} are made in zone {siteZone}',
    means: 'A volume can be attached only within its zone.',
    systemDoes: REFUSES,
    next: "Name an appliance in the site's zone.",
    exitCode: 1,
  },
  'appliance-identity': {
    class: 'refused',
    message: 'This worker serves appliance {applianceId} but runs on another machine: {evidence}',
    means:
      "The machine's own id and that of the configured appliance differ: a copied configuration, or a cloned machine. Going on would read the wrong machine's devices.",
    systemDoes: REFUSES,
    next: 'Run the worker on that appliance, or correct the appliance id and "identity" in its configuration.',
    exitCode: 1,
  },
  'appliance-has-snapshots': {
    class: 'refused',
    message:
      'Appliance {applianceId} ({name}) has VM snapshots ({snapshots}); while it has any, CloudStack attaches and detaches nothing',
    means: 'CloudStack refuses to attach to or detach from a VM that has VM snapshots (not volume snapshots).',
    systemDoes: REFUSES,
    next: "Delete the appliance's VM snapshots in CloudStack, then send the request again.",
    exitCode: 1,
  },
  'no-free-slots': {
    class: 'refused',
    message: 'Appliance {applianceId} has {free} free data disk slots of {limit}, {needed} are needed',
    means:
      "Each attached volume takes a slot of the VM; the hypervisor's limit less what is attached and reserved leaves too few.",
    systemDoes: REFUSES,
    next: 'Release a VM that is finished (diskferry release VM), or use another appliance.',
    exitCode: 1,
  },
  'owner-mismatch': {
    class: 'refused',
    message:
      'Appliance {applianceId} belongs to {applianceOwner}, the volumes would belong to {volumeOwner}; CloudStack attaches only within one owner',
    means: 'CloudStack attaches a volume to a VM only when both have one owner: account, domain, or project.',
    systemDoes: REFUSES,
    next: "Set the request's account and domainId (or projectId) to the appliance's owner.",
    exitCode: 1,
  },
  'quota-exceeded': {
    class: 'refused',
    message: 'Site {site}: account {account} may have {free} more {what} (limit {limit}), {needed} are needed',
    means: "The account's resource limit would be passed in the middle of the run; so it is refused before it.",
    systemDoes: REFUSES,
    next: 'Have the limit of account {account} raised in CloudStack, or remove volumes that nobody needs.',
    exitCode: 1,
  },
  unauthorized: {
    class: 'refused',
    message: 'Site {site}: CloudStack refused the key or its signature: {cause}',
    means: 'The key is wrong, disabled or regenerated, or the clock is off, so that the signature has expired.',
    systemDoes: REFUSES,
    next: "Check api_key_file and secret_key_file of [site.{site}], and this machine's clock against the server's.",
    exitCode: 1,
  },
  'command-forbidden': {
    class: 'refused',
    message: "Site {site}: the role of the key's account may not call {command}: {cause}",
    means: 'The key is right, but its role has no rule that allows the call.',
    systemDoes: REFUSES,
    next: 'Have {command} allowed for that role in CloudStack (Roles, rules), or use the key of an account that may.',
    exitCode: 1,
  },
  'command-refused': {
    class: 'refused',
    message: 'Site {site}: CloudStack refused {command}: {cause}',
    means: 'CloudStack found the call itself wrong; the same call would be refused again.',
    systemDoes: REFUSES,
    next: "Read CloudStack's words; the management server's log says more.",
    exitCode: 1,
  },
  'finding-unknown': {
    class: 'refused',
    message:
      'Doctor finds nothing called {finding} now; it finds {found}. At work, so that their VMs are not judged: {working}',
    means: 'The finding was mended meanwhile, or is judged again only when the runs at work have ended.',
    systemDoes: REFUSES,
    next: 'See what is found: diskferry doctor. What was mended is not found any more; a VM whose run is at work is judged when that has ended.',
    exitCode: 1,
  },
  'repair-running': {
    class: 'conflict',
    message: 'A repair of VM {vm} is at work already ({workflowId})',
    means: 'A VM is repaired by one run at a time, whoever asked.',
    systemDoes: REFUSES,
    next: 'Wait for its end, then run: diskferry doctor',
    exitCode: 1,
  },
  'schema-outdated': {
    class: 'refused',
    message: 'The database schema is not the one this release needs: {cause}',
    means: 'The tables are older or newer than this release; a worker that wrote into them could do harm.',
    systemDoes: 'does not start',
    next: 'Run: diskferry migrate',
    exitCode: 1,
  },
  'schema-foreign': {
    class: 'refused',
    message: "The database holds another system's tables, by names that Diskferry needs: {tables}",
    means:
      'Diskferry was pointed at the database of an older installation, or of something else. Nothing is read out of tables that only share a name with ours.',
    systemDoes: REFUSES,
    next: 'Of the older installation: take it over with diskferry adopt (docs/adopt.md). Else name an empty database in the configuration, then run: diskferry migrate',
    exitCode: 1,
  },
  'rights-missing': {
    class: 'refused',
    message: 'This worker lacks rights on the machine of appliance {applianceId}: {problems}',
    means:
      'The worker runs as a user without rights that its steps need; it is found at the start instead of in the middle of a copy.',
    systemDoes: 'does not start',
    next: '{remedies}',
    exitCode: 1,
  },
  'tool-missing': {
    class: 'refused',
    message: 'Appliance {applianceId}: {tool} is missing or does not run: {cause}',
    means: 'A program of the appliance (nbdkit, nbdcopy, qemu-img, …) is not installed, not in the path, or too old.',
    systemDoes: REFUSES,
    next: 'Install {tool} on the appliance.',
    exitCode: 1,
  },
  'export-server-down': {
    class: 'unavailable',
    message: 'Appliance {applianceId}: the local nbdkit does not answer on {socket}: {cause}',
    means: 'The nbdkit that serves the exports was stopped or never started, or its socket is elsewhere.',
    systemDoes: WAITS,
    next: "Start the appliance's nbdkit service (its command stands in docs/appliance.md).",
    exitCode: 1,
  },
  'source-unreadable': {
    class: 'refused',
    message: 'Disk {diskKey}: source {source} cannot be opened: {cause}',
    means: 'The appliance cannot open the source: address, export name, firewall, TLS, or rights.',
    systemDoes: REFUSES,
    next: 'Make the source readable from appliance {applianceId}, or correct its URI.',
    exitCode: 1,
  },
  'source-too-large': {
    class: 'refused',
    message: 'Disk {diskKey}: source {source} holds {sourceBytes} bytes, its volume would hold only {volumeBytes}',
    means:
      "The request's size is less than what the source holds: the disk was grown, or the size was given in another unit. Sizes are bytes.",
    systemDoes: REFUSES,
    next: "Correct the disk's sizeBytes.",
    exitCode: 1,
  },
  'replicated-before': {
    class: 'refused',
    message: 'VM {vm} has replicated volumes already: {volumes}',
    means: 'A copy would write over replicas that somebody may count on; that has to be said.',
    systemDoes: REFUSES,
    next: 'Set "overwrite": true to write onto them again (they are torn until the run ends), or release them: diskferry release {vm}',
    exitCode: 1,
  },
  'disk-key-reused': {
    class: 'conflict',
    message:
      'Disk {diskKey} of VM {vm}: its volume {volumeId} was made for backing disk {recorded}, the request says {requested}',
    means: "The key stands for another disk than before: the VM's disk was replaced, or the request mixes two VMs.",
    systemDoes: REFUSES,
    next: 'Release the old volume first: diskferry release {vm}',
    exitCode: 1,
  },

  // Waiting for somebody
  'cloudstack-unavailable': {
    class: 'unavailable',
    message: 'Site {site}: CloudStack at {endpoint} does not answer {command}: {cause}',
    means: 'No connection, a time-out, or a 5xx answer: the management server or the network between.',
    systemDoes: WAITS,
    next: 'Check the management server; nothing has to be done here.',
    exitCode: 1,
  },
  'tls-refused': {
    class: 'unavailable',
    message: 'Site {site}: no TLS connection to {endpoint}: {cause}',
    means:
      'There is a server, but no agreement on TLS: a private authority, another host name, or http on an https port.',
    systemDoes: WAITS,
    next: 'Correct "endpoint" of [site.{site}] (http or https, host name as in the certificate); a private authority is trusted with NODE_EXTRA_CA_CERTS=/path/of/ca.pem',
    exitCode: 1,
  },
  'cloudstack-outcome-unknown': {
    class: 'unknown',
    message: 'Site {site}: the answer to {command} was lost: {cause}',
    means: 'The connection broke after the call was sent. CloudStack may have carried it out or not.',
    systemDoes: 'looks what came of it, then goes on or sends it again',
    next: 'Nothing has to be done.',
    exitCode: 1,
  },
  'database-unavailable': {
    class: 'unavailable',
    message: 'The database at {address} does not answer: {cause}',
    means: 'No connection, too many connections, or the server is starting.',
    systemDoes: WAITS,
    next: 'Check the database server; nothing has to be done here.',
    exitCode: 1,
  },
  'database-refuses': {
    class: 'unavailable',
    message: 'The database at {address} refuses the account: {cause}',
    means:
      'The server answers, but not to this user with this password, or the user has no rights on that database, or the database is not there.',
    systemDoes: WAITS,
    next: "Correct the URL, the password's file or the account's rights ([database] of the configuration; for adopt --from the variable DISKFERRY_FROM_PASSWORD).",
    exitCode: 1,
  },
  'temporal-unavailable': {
    class: 'unavailable',
    message: 'Temporal at {address} does not answer: {cause}',
    means: "No connection to Temporal's frontend: address, TLS, or the server is down.",
    systemDoes: WAITS,
    next: 'Check the address (TEMPORAL_ADDRESS or temporal.toml) and the server.',
    exitCode: 1,
  },
  'worker-missing': {
    class: 'unavailable',
    message: 'No worker polls task queue {taskQueue}, so {what}',
    means: 'The work waits in a queue that nobody serves: the worker is down, or serves other queues.',
    systemDoes: WAITS,
    next: 'Start a worker that serves it: diskferry worker --queues {taskQueue}',
    exitCode: 1,
  },
  'job-pending': {
    class: 'unavailable',
    message: 'Disk {diskKey}: volume {volumeId} has a CloudStack job that is not final yet (job {jobId})',
    means:
      'CloudStack is still at a job of that volume, such as one that a lost call began. Another call on top would make it worse.',
    systemDoes: WAITS,
    next: 'Nothing has to be done; CloudStack itself gives a job up after job.cancel.threshold.minutes.',
    exitCode: 1,
  },
  'copy-locked': {
    class: 'unavailable',
    message: 'Volume {volumeId} is still held by a copier of an earlier attempt (lock {lock})',
    means: 'The process of an earlier attempt still lives, so two could write at once; the lock forbids it.',
    systemDoes: WAITS,
    next: 'Nothing has to be done; the lock falls with the process that holds it.',
    exitCode: 1,
  },

  // Steps
  'create-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: CloudStack did not create volume {volumeName}: {cause}',
    means: 'CloudStack took the job and it failed: storage full, no fitting pool, or a host in trouble.',
    systemDoes: COUNTS,
    next: "Read CloudStack's words; then: diskferry retry {vm}",
    exitCode: 1,
  },
  'create-refused': {
    class: 'refused',
    message: 'Disk {diskKey}: CloudStack refused to create volume {volumeName}: {cause}',
    means: 'CloudStack did not even begin: the offering, the size, the owner, or a limit.',
    systemDoes: 'takes back what it made',
    next: 'Correct what CloudStack names, then send the request again.',
    exitCode: 1,
  },
  'volume-differs': {
    class: 'conflict',
    message: 'Disk {diskKey}: volume {volumeId} is not as it must be: {differences}',
    means:
      'Size, offering, zone, owner or tags of the volume are not those recorded: changed by somebody, or another volume of that name.',
    systemDoes: 'leaves the volume alone and takes back what it made',
    next: 'Look at the volume in CloudStack; it was changed or is not ours.',
    exitCode: 1,
  },
  'volume-gone': {
    class: 'failed',
    message: "Disk {diskKey}: volume {volumeId} is no longer in CloudStack's list",
    means: 'Somebody or something deleted or expunged the volume outside of Diskferry.',
    systemDoes: COUNTS,
    next: "Find out who removed it (CloudStack's events), then: diskferry retry {vm}",
    exitCode: 1,
  },
  'attach-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: volume {volumeId} could not be attached to appliance {applianceId}: {cause}',
    means: 'CloudStack took the job and it failed, mostly at the hypervisor.',
    systemDoes: COUNTS,
    next: "Read CloudStack's words; then: diskferry retry {vm}",
    exitCode: 1,
  },
  'attach-refused': {
    class: 'refused',
    message: 'Disk {diskKey}: CloudStack refuses to attach volume {volumeId} to appliance {applianceId}: {cause}',
    means: 'CloudStack did not even begin: state of the VM or volume, VM snapshots, limits, owners.',
    systemDoes: 'takes back what it made',
    next: 'Correct what CloudStack names, then send the request again.',
    exitCode: 1,
  },
  'attached-elsewhere': {
    class: 'conflict',
    message:
      'Disk {diskKey}: volume {volumeId} is attached to VM {otherVmId} ({otherVmName}), not to appliance {applianceId}',
    means: 'The volume is on another VM: somebody attached it by hand, or a failover VM has it.',
    systemDoes: 'leaves the volume alone and takes back what it made',
    next: 'Detach the volume there if nobody needs it, then send the request again.',
    exitCode: 1,
  },
  'detach-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: volume {volumeId} could not be detached from VM {vmId}: {cause}',
    means: "CloudStack's job failed: the guest holds the device, or the VM is in a state between.",
    systemDoes: 'keeps trying with growing pauses; after undoAttentionAfter the run needs attention',
    next: "Read CloudStack's words; then: diskferry retry {vm}, or give it up with: diskferry abandon {vm}",
    exitCode: 1,
  },
  'delete-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: volume {volumeId} could not be deleted: {cause}',
    means: "CloudStack's job failed: storage in trouble, or something still refers to the volume.",
    systemDoes: 'keeps trying with growing pauses; after undoAttentionAfter the run needs attention',
    next: "Read CloudStack's words; then: diskferry retry {vm}, or give it up with: diskferry abandon {vm}",
    exitCode: 1,
  },
  'device-missing': {
    class: 'failed',
    message:
      'Disk {diskKey}: volume {volumeId} is attached, but appliance {applianceId} shows no device with serial {serial} in {directory} after {waited}',
    means:
      'CloudStack says attached, the machine shows nothing: the hypervisor passes no serial, the guest did not see the hot plug, or udev is not running.',
    systemDoes: COUNTS,
    next: 'Look at the links in {directory} on the appliance; a hypervisor without serials is not supported.',
    exitCode: 1,
  },
  'device-wrong': {
    class: 'failed',
    message: 'Disk {diskKey}: device {deviceNode} is not proven to be volume {volumeId}: {evidence}',
    means:
      'Serial, size or identity of the device do not prove that it is this volume. Writing could destroy another disk.',
    systemDoes: COUNTS,
    next: 'Do not write to the device. Look at its serial and size on the appliance.',
    exitCode: 1,
  },
  'device-in-use': {
    class: 'failed',
    message: 'Disk {diskKey}: device {deviceNode} of volume {volumeId} is in use on the appliance: {evidence}',
    means:
      'Something on the appliance has the device open or built upon it: LVM, md, multipath, a mount, a partition scan, or another process.',
    systemDoes: COUNTS,
    next: 'Free the device (LVM, md, multipath and udisks of the appliance must leave replicas alone), then: diskferry retry {vm}',
    exitCode: 1,
  },
  'device-still-there': {
    class: 'failed',
    message:
      'Disk {diskKey}: volume {volumeId} is detached, but appliance {applianceId} still shows or holds it: {evidence}',
    means:
      'CloudStack detached the volume in its books, but the machine still has the disk, as after a hot unplug that the guest did not answer. Attached elsewhere now it could be written by two.',
    systemDoes: 'keeps looking with growing pauses; deletes nothing and attaches it nowhere',
    next: 'Stop and start the appliance; then: diskferry retry {vm}',
    exitCode: 1,
  },
  'mapping-conflict': {
    class: 'conflict',
    message:
      'Disk {diskKey}: {what} is mapped already, to volume {otherVolumeId} (owner {otherOwner}), not to volume {volumeId} (owner {owner})',
    means:
      'The unique keys of the table refuse a second mapping of a volume, a path or a device: what the older system failed at.',
    systemDoes: 'leaves the other mapping alone and takes back what it made',
    next: 'See it: diskferry mappings --vm {applianceId}',
    exitCode: 1,
  },
  'mark-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: volume {volumeId} could not be marked as holding data: {cause}',
    means:
      'The tag that says "holds data" could not be set in CloudStack. Without it nobody is warned before a delete.',
    systemDoes: 'tries again up to stepAttempts, then holds the run; nothing is written before the mark is there',
    next: "Read CloudStack's words; then: diskferry retry {vm}",
    exitCode: 1,
  },
  'export-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: export {exportName} of {deviceNode} is not served as it must be: {evidence}',
    means: 'nbdkit answers, but not with this device, its size, or its rights.',
    systemDoes: 'tries again up to stepAttempts, then holds the run',
    next: "Look at the appliance's nbdkit and its exports folder; then: diskferry retry {vm}",
    exitCode: 1,
  },
  'export-in-use': {
    class: 'failed',
    message: 'Disk {diskKey}: export {exportName} still has a client or a copier: {evidence}',
    means: 'A client is still connected or a copier holds the volume; closing now could cut a write in two.',
    systemDoes: 'keeps trying with growing pauses',
    next: 'End the client that holds it; then: diskferry retry {vm}',
    exitCode: 1,
  },
  'copy-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: copying {source} to volume {volumeId} failed at byte {offset}: {cause}',
    means: 'Reading the source or writing the device failed: network, source, or storage.',
    systemDoes: 'tries again from the last finished window up to stepAttempts, then holds the run; deletes nothing',
    next: 'Read the cause; then: diskferry retry {vm}, or stop with: diskferry cancel {vm}',
    exitCode: 1,
  },
  'verify-mismatch': {
    class: 'failed',
    message:
      'Disk {diskKey}: volume {volumeId} differs from its source in {windows} window(s), the first at byte {offset}',
    means:
      'After the copy the bytes differ: the source changed while it was copied, or the storage did not keep what was written.',
    systemDoes: 'copies those windows again up to stepAttempts, then holds the run; deletes nothing',
    next: 'Check the storage under the volume and whether the source changes while it is copied; then: diskferry retry {vm}',
    exitCode: 1,
  },
  'verify-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: volume {volumeId} could not be read back: {cause}',
    means: 'Reading back failed, so nothing is known of the bytes; the storage or the device is in trouble.',
    systemDoes: 'tries again up to stepAttempts, then holds the run; deletes nothing',
    next: 'Read the cause; then: diskferry retry {vm}',
    exitCode: 1,
  },

  // Ownership
  'claim-lost': {
    class: 'conflict',
    message: 'Run {runId} of {workflowId} no longer holds VM {vm}: {holder} does (epoch {epoch})',
    means:
      'The VM was taken over (an abandon, a release, or a run after this one was thought dead). The fence stops the earlier run from writing.',
    systemDoes: 'does nothing more on behalf of the earlier run',
    next: 'See the run that holds it: diskferry status {vm}',
    exitCode: 1,
  },
  'operation-active': {
    class: 'conflict',
    message: 'Volume {volumeId} has an unfinished operation of another owner: {operationId} ({kind}, owner {owner})',
    means: 'Another run began something with this volume and has not ended it.',
    systemDoes: 'leaves the volume alone',
    next: 'Wait until that operation has ended, or see who owns it: diskferry status {vm}',
    exitCode: 1,
  },
  'vm-operation-active': {
    class: 'conflict',
    message: 'Failover VM {name} has an unfinished operation of another owner: {operationId} ({kind}, owner {owner})',
    means: 'Another run began something with this failover VM and has not ended it.',
    systemDoes: 'leaves the VM alone',
    next: 'Wait until that operation has ended, or see who owns it: diskferry failover status {vm}',
    exitCode: 1,
  },

  // Backups
  'backup-unwritable': {
    class: 'refused',
    message: 'Backup {file} was not written: {cause}',
    means: 'The folder, the room, or the rights for the file are missing, or the file is there already.',
    systemDoes: 'leaves no part of the file behind; changes nothing',
    next: 'Name another file with --to, in a folder with room that you may write to.',
    exitCode: 1,
  },
  'backup-unusable': {
    class: 'refused',
    message: 'Backup {file} cannot be used: {cause}',
    means: 'The file is no backup, is cut off, or its checksums do not fit: it was changed or damaged.',
    systemDoes: REFUSES,
    next: 'Use another backup; prove it first: diskferry backup --verify FILE',
    exitCode: 1,
  },
  'backup-schema-differs': {
    class: 'refused',
    message: 'Backup {file} does not fit the database: {cause}',
    means: 'The rows were written under another schema, and put into this one they could mean something else.',
    systemDoes: REFUSES,
    next: 'Restore it with the release that wrote it, into a database that this release migrated; then upgrade (docs/backup.md).',
    exitCode: 1,
  },
  'backup-refused': {
    class: 'refused',
    message: 'Backup {file}: {cause}',
    means: 'The database refused a statement of the backup or restore: mostly a missing right.',
    systemDoes: 'takes everything back; the rows are as they were',
    next: 'Read the cause; a missing right is given by the administrator of the server.',
    exitCode: 1,
  },
  'restore-not-quiet': {
    class: 'conflict',
    message: 'The database is in use: {who}',
    means: 'Runs or workers would write while rows are replaced under them.',
    systemDoes: REFUSES,
    next: 'End the runs (diskferry cancel VM), stop the workers, then restore again.',
    exitCode: 1,
  },

  // Adopting an older installation
  'adoption-refused': {
    class: 'refused',
    message: 'The older installation cannot be adopted, or taken back: {cause}',
    means: 'The assessment found something that blocks, or the database refused a statement. The cause names it.',
    systemDoes: 'changes nothing more; an adoption that was begun can be taken back',
    next: 'Read the cause and docs/adopt.md; an adoption that was cut off: diskferry adopt --undo',
    exitCode: 1,
  },
  'adoption-writers': {
    class: 'conflict',
    message: "The older system's tables can still be written by others: {cause}",
    means: 'The older daemon, or another account, could still change rows while and after they are adopted.',
    systemDoes: REFUSES,
    next: 'Stop the older daemon and run the REVOKE statements above, then adopt again.',
    exitCode: 1,
  },

  // Ends of a run
  'run-ended-outside': {
    class: 'failed',
    message: 'Run {runId} of VM {vm} was ended from outside ({how}); it could take nothing back. Cause: {cause}',
    means: 'Somebody terminated the workflow, or it passed a time limit. A terminated workflow cannot undo.',
    systemDoes: 'does nothing more on behalf of that run; the next run of the VM finds what it made',
    next: 'Send the request again with a new requestId, or release what is there: diskferry release {vm}',
    exitCode: 1,
  },
  'rolled-back': {
    class: 'failed',
    message: 'VM {vm} was not replicated; everything this run made was taken back. Cause: {cause}',
    means: 'A step failed for good, and each step before it was undone in the opposite order, seen to be undone.',
    systemDoes: 'has ended; nothing of it is left',
    next: '{next}',
    exitCode: 1,
  },
  abandoned: {
    class: 'failed',
    message: 'VM {vm} was abandoned with leftovers: {leftovers}. Cause: {cause}',
    means: 'An operator gave up an undo that could not be finished; what stayed is recorded and named.',
    systemDoes: 'has ended; the leftovers stay recorded',
    next: 'Remove the leftovers by hand, each named above.',
    exitCode: 1,
  },
  // Recovery points, failovers and the way back
  'never-replicated': {
    class: 'refused',
    message: 'VM {vm} has no replicas at site {site}: it was never replicated there, or they were released',
    means: 'No volume of the VM is recorded at that site.',
    systemDoes: REFUSES,
    next: 'Replicate it first: diskferry replicate REQUEST',
    exitCode: 1,
  },
  'vm-not-verified': {
    class: 'refused',
    message: 'VM {vm} is not verified: {disks}; its replicas may be half old and half new',
    means: 'A copy broke off or was never compared, so the disks may be of different moments.',
    systemDoes: REFUSES,
    next: 'Use a recovery point (diskferry points {vm}), or replicate it again; "allowUnverified" with a reason takes them as they are.',
    exitCode: 1,
  },
  'vm-failed-over': {
    class: 'conflict',
    message: 'VM {vm} is failed over to VM {failoverVmName} ({failoverVmId}) since {since}',
    means: 'The VM runs on its failover VM, which writes its replicas; a copy onto them would destroy these writes.',
    systemDoes: REFUSES,
    next: 'Go back first: diskferry failover back {vm}',
    exitCode: 1,
  },
  'failover-unknown': {
    class: 'refused',
    message: 'No failover, failback or revert of VM {vm} is known',
    means: 'Nothing of the kind was ever begun for that VM here; often another site, or a typing error.',
    systemDoes: REFUSES,
    next: 'See which there are: diskferry failover list',
    exitCode: 1,
  },
  'vm-not-failed-over': {
    class: 'refused',
    message: 'VM {vm} is not failed over',
    means: 'There is nothing to go back from.',
    systemDoes: REFUSES,
    next: 'See what there is: diskferry failover status {vm}',
    exitCode: 1,
  },
  'disk-missing': {
    class: 'refused',
    message: 'Disk {diskKey} of VM {vm}: its volume {volumeId} is {what}',
    means: 'A failover with one disk of many is what the older system did; so all are needed.',
    systemDoes: REFUSES,
    next: 'Replicate the VM again, or go back to a recovery point: diskferry points {vm}',
    exitCode: 1,
  },
  'boot-disk-unclear': {
    class: 'refused',
    message: 'VM {vm} has {count} disks that are marked as boot disk ({disks}); exactly one is needed',
    means:
      'The VM boots from device 0, and the request of the replication did not say which disk that is, or said it twice.',
    systemDoes: REFUSES,
    next: 'Replicate it again with exactly one disk marked "boot": true.',
    exitCode: 1,
  },
  'point-unknown': {
    class: 'refused',
    message: 'VM {vm} has no complete recovery point {point}; it has: {points}',
    means: 'The point was pruned, never completed, or belongs to another VM.',
    systemDoes: REFUSES,
    next: 'See them: diskferry points {vm}',
    exitCode: 1,
  },
  'point-incomplete': {
    class: 'failed',
    message: 'Recovery point {pointId} of VM {vm} is not complete: {missing}',
    means: 'Not every volume got its snapshot. A point of some disks only is none.',
    systemDoes: 'tries again up to stepAttempts, then deletes the snapshots that were made: all or none',
    next: "Read CloudStack's words; then: diskferry retry {vm}",
    exitCode: 1,
  },
  'snapshot-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: volume {volumeId} could not be snapshotted: {cause}',
    means: 'CloudStack took the job and it failed: secondary storage full or unreachable, or the hypervisor refused.',
    systemDoes: 'tries again up to stepAttempts, then deletes the snapshots that were made: all or none',
    next: "Read CloudStack's words; then send the request again.",
    exitCode: 1,
  },
  'snapshot-needs-detach': {
    class: 'failed',
    message:
      'Disk {diskKey}: site {site} snapshots no volume of a running VM, and volume {volumeId} is attached to VM {vmId}: {cause}',
    means:
      "CloudStack's KVM takes no snapshot of an attached volume of a running VM unless kvm.snapshot.enabled is set.",
    systemDoes: 'takes the volumes off, snapshots them, and attaches them again',
    next: 'Nothing has to be done; with the CloudStack setting kvm.snapshot.enabled it goes without.',
    exitCode: 1,
  },
  'snapshot-gone': {
    class: 'failed',
    message: 'Disk {diskKey}: snapshot {snapshotId} of recovery point {pointId} is {what}',
    means: 'Somebody or something deleted the snapshot outside of Diskferry, or it never became complete.',
    systemDoes: 'takes back what it made',
    next: "Find out who removed it (CloudStack's events); use another recovery point: diskferry points {vm}",
    exitCode: 1,
  },
  'snapshot-delete-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: snapshot {snapshotId} could not be deleted: {cause}',
    means: "CloudStack's job failed: secondary storage, or a volume is being made from the snapshot.",
    systemDoes: 'keeps trying with growing pauses; after undoAttentionAfter the run needs attention',
    next: "Read CloudStack's words; see what stays: diskferry points {vm}",
    exitCode: 1,
  },
  'restore-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: no volume could be made from snapshot {snapshotId}: {cause}',
    means: 'CloudStack took the job and it failed: storage full, or secondary storage unreachable.',
    systemDoes: 'tries again up to stepAttempts, then takes back what it made',
    next: "Read CloudStack's words; then send the request again.",
    exitCode: 1,
  },
  'service-offering-unknown': {
    class: 'refused',
    message: 'Site {site}: CloudStack lists no service offering named or numbered {offering}',
    means: "It is not in CloudStack's list for this key: misspelt, removed, or of another domain.",
    systemDoes: REFUSES,
    next: 'Correct "target.serviceOffering" of the request.',
    exitCode: 1,
  },
  'service-offering-unfit': {
    class: 'refused',
    message: 'Site {site}: service offering {offering} does not fit: {problem}',
    means: 'A fixed offering has other CPUs or memory than asked for, or a custom one has bounds.',
    systemDoes: REFUSES,
    next: 'Correct "target.serviceOffering", "cpus" and "memoryMib" of the request.',
    exitCode: 1,
  },
  'template-unknown': {
    class: 'refused',
    message: 'Site {site}: CloudStack lists no template named or numbered {template} in zone {zone}',
    means: "It is not in CloudStack's list for this key and zone, or not ready there.",
    systemDoes: REFUSES,
    next: 'Correct "target.template" of the request; the shell VM is made from it and its root is thrown away.',
    exitCode: 1,
  },
  'network-unknown': {
    class: 'refused',
    message: 'Site {site}: CloudStack lists no network named or numbered {network} for this owner',
    means: "It is not in CloudStack's list for this owner: misspelt, or another account's.",
    systemDoes: REFUSES,
    next: 'Correct "target.networks" of the request.',
    exitCode: 1,
  },
  'network-elsewhere': {
    class: 'refused',
    message: 'Network {network} is in zone {zone}, the failover VM would be in zone {siteZone}',
    means: 'A VM and its networks must be in one zone.',
    systemDoes: REFUSES,
    next: "Name a network of the site's zone.",
    exitCode: 1,
  },
  'vm-name-taken': {
    class: 'conflict',
    message: 'A VM named {name} is there already: {otherVmId} ({state})',
    means:
      'CloudStack allows a host name once per network domain; a second would be refused in the middle of the failover.',
    systemDoes: REFUSES,
    next: 'Choose another "target.name".',
    exitCode: 1,
  },
  'too-many-disks': {
    class: 'refused',
    message: 'VM {vm} has {disks} data disks, site {site} allows {limit} on one VM',
    means: "The hypervisor's limit of data volumes per VM is below what the VM has.",
    systemDoes: REFUSES,
    next: 'Have the limit of the hypervisor raised in CloudStack (hypervisor capabilities).',
    exitCode: 1,
  },
  'deploy-failed': {
    class: 'failed',
    message: 'Failover VM {name}: CloudStack did not make it: {cause}',
    means: 'CloudStack took the job and it failed: capacity, network, template.',
    systemDoes: 'tries again up to stepAttempts, then takes back what it made',
    next: "Read CloudStack's words; then send the request again.",
    exitCode: 1,
  },
  'deploy-refused': {
    class: 'refused',
    message: 'Failover VM {name}: CloudStack refused to make it: {cause}',
    means: 'CloudStack did not even begin: a parameter, a limit, or the owner.',
    systemDoes: 'takes back what it made',
    next: 'Correct what CloudStack names, then send the request again.',
    exitCode: 1,
  },
  'clear-root-failed': {
    class: 'failed',
    message:
      "Failover VM {name} ({failoverVmId}): its template's root {volumeId} could not be taken off and deleted: {cause}",
    means:
      'The failover VM is born with a root disk of its template, which makes room for the replica of the boot disk; CloudStack did not take it off or delete it.',
    systemDoes: 'tries again up to stepAttempts, then takes back what it made',
    next: "Read CloudStack's words; then send the request again.",
    exitCode: 1,
  },
  'vm-gone': {
    class: 'failed',
    message: "Failover VM {name} ({failoverVmId}) is no longer in CloudStack's list",
    means: 'Somebody or something destroyed the failover VM outside of Diskferry.',
    systemDoes: 'tries again up to stepAttempts, then takes back what it made',
    next: "Find out who removed it (CloudStack's events).",
    exitCode: 1,
  },
  'vm-job-pending': {
    class: 'unavailable',
    message: 'Failover VM {name} has a CloudStack job that is not final yet (job {jobId})',
    means: 'CloudStack is still at a job of that VM. Another call on top would make it worse.',
    systemDoes: WAITS,
    next: 'Nothing has to be done; CloudStack itself gives a job up after job.cancel.threshold.minutes.',
    exitCode: 1,
  },
  'vm-attach-failed': {
    class: 'failed',
    message:
      'Disk {diskKey}: volume {volumeId} could not be attached to failover VM {name} ({failoverVmId}) as {deviceId}: {cause}',
    means: 'CloudStack took the job and it failed, or the device id is taken.',
    systemDoes: 'tries again up to stepAttempts, then puts every volume back',
    next: "Read CloudStack's words; then send the request again.",
    exitCode: 1,
  },
  'vm-start-failed': {
    class: 'failed',
    message: 'Failover VM {name} ({failoverVmId}) could not be started: {cause}',
    means: 'No host with room, an offering that does not fit, or the hypervisor refused.',
    systemDoes:
      'tries again up to stepAttempts; a test or a failover before its point of no return is taken back, a later one is held',
    next: "Read CloudStack's words; then: diskferry failover retry {vm}, or diskferry failover back {vm}",
    exitCode: 1,
  },
  'vm-stop-failed': {
    class: 'failed',
    message: 'Failover VM {name} ({failoverVmId}) could not be stopped: {cause}',
    means: 'The guest or its host does not answer; CloudStack gave up.',
    systemDoes: 'keeps trying with growing pauses',
    next: "Read CloudStack's words; stop the VM by hand if CloudStack cannot.",
    exitCode: 1,
  },
  'vm-remove-failed': {
    class: 'failed',
    message: 'Failover VM {name} ({failoverVmId}) could not be removed: {cause}',
    means: "CloudStack's job failed, or the VM is in a state between.",
    systemDoes: 'keeps trying with growing pauses; after undoAttentionAfter the run needs attention',
    next: "Read CloudStack's words; then: diskferry failover retry {vm}, or diskferry failover abandon {vm}",
    exitCode: 1,
  },
  'vm-holds-replicas': {
    class: 'failed',
    message: 'Failover VM {name} ({failoverVmId}) is not removed: volumes of ours are still on it: {volumes}',
    means:
      "Removing a VM takes volumes with it that are on it. CloudStack's own list shows ours there, so it is not removed.",
    systemDoes: 'removes nothing, keeps looking with growing pauses',
    next: 'Take these volumes off the VM; they hold data.',
    exitCode: 1,
  },
  'vm-unhealthy': {
    class: 'failed',
    message: 'Failover VM {name} ({failoverVmId}) was not healthy within {waited}: {evidence}',
    means:
      'The VM runs for CloudStack, but the health check did not say so in time: it does not boot, has no network, or the service is down.',
    systemDoes: 'a test is taken back; a live failover is held',
    next: 'Look at its console; then: diskferry failover retry {vm}, or diskferry failover back {vm}',
    exitCode: 1,
  },
  'guest-step-failed': {
    class: 'failed',
    message: 'VM {vm}: the guest step {step} failed: {cause}',
    means: 'The conversion or hook that prepares the guest ended with an error or passed its time limit.',
    systemDoes: 'tries a hook again up to stepAttempts, a conversion not at all; then takes back what it made',
    next: "Read the command's words (more of them in the log of the appliance's worker), correct it, then send the request again. After a live failover replicate the VM first: its replicas count as not verified.",
    exitCode: 1,
  },
  'hook-unknown': {
    class: 'refused',
    message: 'Hook {hook} is not configured for site {site} on this worker; configured: {configured}',
    means: 'Hooks are commands of the configuration; a request can only name them.',
    systemDoes: REFUSES,
    next: 'Add a [site.{site}.hook.{hook}] section to the configuration of every worker that serves the site or its appliances, or correct the request.',
    exitCode: 1,
  },
  'hook-failed': {
    class: 'failed',
    message: 'VM {vm}: hook {hook} ({purpose}) failed: {cause}',
    means: 'The configured command ended with an error, could not be started, or passed its time limit.',
    systemDoes:
      'asks a health hook until health.within is over, tries any other again up to stepAttempts; then takes back what it made, or holds what cannot be taken back',
    next: 'Run the command by hand, correct it, then send the request again; a run that is held: diskferry failover retry {vm}',
    exitCode: 1,
  },
  'failover-rolled-back': {
    class: 'failed',
    message: 'VM {vm}: the {kind} failed and was taken back; everything is as it was before. Cause: {cause}',
    means:
      'A step failed before the point of no return, and each step before it was undone in the opposite order, seen to be undone.',
    systemDoes: 'has ended; nothing of it is left',
    next: '{next}',
    exitCode: 1,
  },
  'failover-group-failed': {
    class: 'failed',
    message: 'Group {group}: {failed} of {members} members failed: {causes}',
    means: "Members of the group failed; what became of the others is what the group's policy says.",
    systemDoes: 'did what the group asks for (onFailure: {policy})',
    next: 'See each member: diskferry failover status VM',
    exitCode: 1,
  },

  // The stack of one machine (up, demo)
  'stack-in-use': {
    class: 'conflict',
    message: 'The state folder {directory} is in use by process {holder}',
    means: 'Another "diskferry up" or demo runs on the same folder, or one that was killed left its process.',
    systemDoes: REFUSES,
    next: 'Stop that process (Ctrl-C where it runs, or: kill {holder}), or name another folder with --state.',
    exitCode: 1,
  },
  'stack-not-started': {
    class: 'failed',
    message: 'The stack in {directory} could not be started: {cause}',
    means: 'One of the parts (MariaDB, Temporal, nbdkit, simulator, worker) did not come up.',
    systemDoes: 'stops what it had started',
    next: 'Read the logs in {directory}/logs; what is missing on this machine is installed by: npm run setup',
    exitCode: 1,
  },
  'demo-failed': {
    class: 'failed',
    message: 'The demo expected: {expectation}. It found: {found}',
    means: 'The demo checks what it shows; something was not as it must be.',
    systemDoes: 'ends the demo; its folder with data and logs is kept, and named',
    next: 'Look into that folder (logs, and: diskferry failover list --state FOLDER with diskferry up on it), or run the demo again.',
    exitCode: 1,
  },
  internal: {
    class: 'failed',
    message: 'Unexpected error in {where}: {cause}',
    means: 'An error that no table knows. It is treated as if it could pass.',
    systemDoes: 'tries again up to stepAttempts',
    next: "This is a fault in Diskferry; report it with the worker's log.",
    exitCode: 1,
  },
} as const satisfies Readonly<Record<string, FailureRow>>;
