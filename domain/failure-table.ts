/* eslint max-lines: "off" -- one table, one row per failure: splitting it would hide a code given twice */
import { z } from 'zod';

/**
 * The one table of failures. Messages, `--json` errors, docs/failures.md and the types of Temporal's ApplicationFailures are made
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
    systemDoes: REFUSES,
    next: 'See: {command} --help',
    exitCode: 2,
  },
  'request-invalid': {
    class: 'refused',
    message: 'The request is not valid: {problems}',
    systemDoes: REFUSES,
    next: 'Correct the request; its fields are described in docs/request.md.',
    exitCode: 2,
  },
  'configuration-invalid': {
    class: 'refused',
    message: 'The configuration {file} is not valid: {problems}',
    systemDoes: 'does not start',
    next: 'Correct the file, then run: diskferry config check',
    exitCode: 2,
  },
  'site-unknown': {
    class: 'refused',
    message: 'Site {site} is not configured here; configured: {configured}',
    systemDoes: REFUSES,
    next: 'Add a [site.{site}] section to the worker\'s configuration, or correct the request\'s "site".',
    exitCode: 1,
  },
  'appliance-unknown': {
    class: 'refused',
    message: 'Appliance {applianceId} is not configured for site {site}; configured: {configured}',
    systemDoes: REFUSES,
    next: 'Correct the request\'s "appliance", or add a [site.{site}.appliance.{applianceId}] section to the worker\'s configuration.',
    exitCode: 1,
  },
  'vm-unknown': {
    class: 'refused',
    message: 'No replication of VM {vm} is known',
    systemDoes: REFUSES,
    next: 'See which VMs are known: diskferry list',
    exitCode: 1,
  },
  'nothing-known': {
    class: 'unavailable',
    message: 'Nothing is known of VM {vm} while not everybody answers: {cause}',
    systemDoes: REFUSES,
    next: 'Bring back what does not answer, or name the configuration (--config), then ask again.',
    exitCode: 1,
  },
  'vm-ambiguous': {
    class: 'refused',
    message: 'VM {vm} could be any of: {candidates}',
    systemDoes: REFUSES,
    next: 'Name one of them whole: [site/][source/]id',
    exitCode: 2,
  },
  'request-differs': {
    class: 'conflict',
    message: 'VM {vm} is held by workflow {holder} (run {runId}, phase {phase}), whose request differs: {differences}',
    systemDoes: REFUSES,
    next: 'Wait for it (diskferry watch {vm}) or stop it (diskferry cancel {vm}), then send the request again.',
    exitCode: 1,
  },
  'request-id-used': {
    class: 'conflict',
    message: 'Request id {requestId} was used before, for a different request of VM {vm}: {differences}',
    systemDoes: REFUSES,
    next: 'Send the request with a new requestId, or with none.',
    exitCode: 1,
  },
  'vm-claimed': {
    class: 'conflict',
    message: 'VM {vm} is held by {holder} (run {runId}, {kind})',
    systemDoes: REFUSES,
    next: 'See what it does (diskferry status {vm}); stop it with: diskferry cancel {vm}',
    exitCode: 1,
  },
  'run-ended': {
    class: 'failed',
    message: 'VM {vm}: workflow {workflowId} (run {runId}) has ended ({how}), though the job table said {phase}',
    systemDoes: 'corrects the job table; what the run had made stays as it is',
    next: 'See what it left: diskferry doctor {site}. Then begin again: diskferry retry {vm}',
    exitCode: 1,
  },
  'update-refused': {
    class: 'refused',
    message: 'The run of VM {vm} does not take {update} now: {reason}',
    systemDoes: REFUSES,
    next: 'See what it does: diskferry status {vm}',
    exitCode: 1,
  },

  // Preflight
  'zone-unknown': {
    class: 'refused',
    message: 'Site {site}: CloudStack lists no zone named or numbered {zone}',
    systemDoes: REFUSES,
    next: 'Correct "zone" of [site.{site}] in the worker\'s configuration.',
    exitCode: 1,
  },
  'zone-disabled': {
    class: 'refused',
    message: 'Site {site}: zone {zone} is disabled, so CloudStack takes volumes of root admins only',
    systemDoes: REFUSES,
    next: 'Have the zone enabled in CloudStack, or correct "zone" of [site.{site}].',
    exitCode: 1,
  },
  'offering-unknown': {
    class: 'refused',
    message: 'Site {site}: CloudStack lists no disk offering named or numbered {offering}',
    systemDoes: REFUSES,
    next: 'Correct "disk_offering" of [site.{site}] in the worker\'s configuration.',
    exitCode: 1,
  },
  'offering-not-custom': {
    class: 'refused',
    message:
      'Site {site}: disk offering {offering} has a fixed size of {sizeGib} GiB, so volumes cannot get the size of their disks',
    systemDoes: REFUSES,
    next: 'Name a custom-sized disk offering as "disk_offering" of [site.{site}].',
    exitCode: 1,
  },
  'disk-too-large': {
    class: 'refused',
    message: 'Disk {diskKey}: {sizeGib} GiB is more than site {site} allows in one volume ({limitGib} GiB)',
    systemDoes: REFUSES,
    next: 'Have the CloudStack setting custom.diskoffering.size.max (and storage.max.volume.size) raised, or leave the disk out.',
    exitCode: 1,
  },
  'disk-too-small': {
    class: 'refused',
    message: 'Disk {diskKey}: {sizeGib} GiB is less than site {site} allows in one volume ({limitGib} GiB)',
    systemDoes: REFUSES,
    next: 'Have the CloudStack setting custom.diskoffering.size.min lowered, or leave the disk out.',
    exitCode: 1,
  },
  'appliance-missing': {
    class: 'refused',
    message: 'Appliance {applianceId}: CloudStack of site {site} lists no such VM for this key',
    systemDoes: REFUSES,
    next: "Correct the id in the request and in [site.{site}.appliance.…]; the key's account must own the VM or be root admin.",
    exitCode: 1,
  },
  'appliance-not-running': {
    class: 'refused',
    message: 'Appliance {applianceId} ({name}) is {state}, not Running',
    systemDoes: REFUSES,
    next: 'Start the appliance, then send the request again.',
    exitCode: 1,
  },
  'appliance-elsewhere': {
    class: 'refused',
    message: 'Appliance {applianceId} is in zone {zone}, volumes of site {site} are made in zone {siteZone}',
    systemDoes: REFUSES,
    next: "Name an appliance in the site's zone.",
    exitCode: 1,
  },
  'appliance-identity': {
    class: 'refused',
    message: 'This worker serves appliance {applianceId} but runs on another machine: {evidence}',
    systemDoes: REFUSES,
    next: 'Run the worker on that appliance, or correct the appliance id and "identity" in its configuration.',
    exitCode: 1,
  },
  'appliance-has-snapshots': {
    class: 'refused',
    message:
      'Appliance {applianceId} ({name}) has VM snapshots ({snapshots}); while it has any, CloudStack attaches and detaches nothing',
    systemDoes: REFUSES,
    next: "Delete the appliance's VM snapshots in CloudStack, then send the request again.",
    exitCode: 1,
  },
  'no-free-slots': {
    class: 'refused',
    message: 'Appliance {applianceId} has {free} free data disk slots of {limit}, {needed} are needed',
    systemDoes: REFUSES,
    next: 'Release a VM that is finished (diskferry release VM), or use another appliance.',
    exitCode: 1,
  },
  'owner-mismatch': {
    class: 'refused',
    message:
      'Appliance {applianceId} belongs to {applianceOwner}, the volumes would belong to {volumeOwner}; CloudStack attaches only within one owner',
    systemDoes: REFUSES,
    next: "Set the request's account and domainId (or projectId) to the appliance's owner.",
    exitCode: 1,
  },
  'quota-exceeded': {
    class: 'refused',
    message: 'Site {site}: account {account} may have {free} more {what} (limit {limit}), {needed} are needed',
    systemDoes: REFUSES,
    next: 'Have the limit of account {account} raised in CloudStack, or remove volumes that nobody needs.',
    exitCode: 1,
  },
  unauthorized: {
    class: 'refused',
    message: 'Site {site}: CloudStack refused the key or its signature: {cause}',
    systemDoes: REFUSES,
    next: "Check api_key_file and secret_key_file of [site.{site}], and this machine's clock against the server's.",
    exitCode: 1,
  },
  'command-forbidden': {
    class: 'refused',
    message: "Site {site}: the role of the key's account may not call {command}: {cause}",
    systemDoes: REFUSES,
    next: 'Have {command} allowed for that role in CloudStack (Roles, rules), or use the key of an account that may.',
    exitCode: 1,
  },
  'command-refused': {
    class: 'refused',
    message: 'Site {site}: CloudStack refused {command}: {cause}',
    systemDoes: REFUSES,
    next: "Read CloudStack's words; the management server's log says more.",
    exitCode: 1,
  },
  'finding-unknown': {
    class: 'refused',
    message:
      'Doctor finds nothing called {finding} now; it finds {found}. At work, so that their VMs are not judged: {working}',
    systemDoes: REFUSES,
    next: 'Wait for the runs that are at work, then run: diskferry doctor. What was mended meanwhile is not found any more.',
    exitCode: 1,
  },
  'repair-running': {
    class: 'conflict',
    message: 'A repair of VM {vm} is at work already ({workflowId})',
    systemDoes: REFUSES,
    next: 'Wait for its end, then run: diskferry doctor',
    exitCode: 1,
  },
  'schema-outdated': {
    class: 'refused',
    message: 'The database schema is not the one this release needs: {cause}',
    systemDoes: 'does not start',
    next: 'Run: diskferry migrate. Tables of the older installation: diskferry adopt (docs/adopt.md)',
    exitCode: 1,
  },
  'rights-missing': {
    class: 'refused',
    message: 'This worker lacks rights on the machine of appliance {applianceId}: {problems}',
    systemDoes: 'does not start',
    next: '{remedies}',
    exitCode: 1,
  },
  'tool-missing': {
    class: 'refused',
    message: 'Appliance {applianceId}: {tool} is missing or does not run: {cause}',
    systemDoes: REFUSES,
    next: 'Install {tool} on the appliance.',
    exitCode: 1,
  },
  'export-server-down': {
    class: 'unavailable',
    message: 'Appliance {applianceId}: the local nbdkit does not answer on {socket}: {cause}',
    systemDoes: WAITS,
    next: "Start the appliance's nbdkit service (its command stands in docs/appliance.md).",
    exitCode: 1,
  },
  'source-unreadable': {
    class: 'refused',
    message: 'Disk {diskKey}: source {source} cannot be opened: {cause}',
    systemDoes: REFUSES,
    next: 'Make the source readable from appliance {applianceId}, or correct its URI.',
    exitCode: 1,
  },
  'source-too-large': {
    class: 'refused',
    message: 'Disk {diskKey}: source {source} holds {sourceBytes} bytes, its volume would hold only {volumeBytes}',
    systemDoes: REFUSES,
    next: "Correct the disk's sizeBytes.",
    exitCode: 1,
  },
  'replicated-before': {
    class: 'refused',
    message: 'VM {vm} has replicated volumes already: {volumes}',
    systemDoes: REFUSES,
    next: 'Set "overwrite": true to write onto them again (they are torn until the run ends), or release them: diskferry release {vm}',
    exitCode: 1,
  },
  'disk-key-reused': {
    class: 'conflict',
    message:
      'Disk {diskKey} of VM {vm}: its volume {volumeId} was made for backing disk {recorded}, the request says {requested}',
    systemDoes: REFUSES,
    next: 'Release the old volume first: diskferry release {vm}',
    exitCode: 1,
  },

  // Waiting for somebody
  'cloudstack-unavailable': {
    class: 'unavailable',
    message: 'Site {site}: CloudStack at {endpoint} does not answer {command}: {cause}',
    systemDoes: WAITS,
    next: 'Check the management server; nothing has to be done here.',
    exitCode: 1,
  },
  'tls-refused': {
    class: 'unavailable',
    message: 'Site {site}: no TLS connection to {endpoint}: {cause}',
    systemDoes: WAITS,
    next: 'Correct "endpoint" of [site.{site}] (http or https, host name as in the certificate); a private authority is trusted with NODE_EXTRA_CA_CERTS=/path/of/ca.pem',
    exitCode: 1,
  },
  'cloudstack-outcome-unknown': {
    class: 'unknown',
    message: 'Site {site}: the answer to {command} was lost: {cause}',
    systemDoes: 'looks what came of it, then goes on or sends it again',
    next: 'Nothing has to be done.',
    exitCode: 1,
  },
  'database-unavailable': {
    class: 'unavailable',
    message: 'The database at {address} does not answer: {cause}',
    systemDoes: WAITS,
    next: 'Check the database server; nothing has to be done here.',
    exitCode: 1,
  },
  'temporal-unavailable': {
    class: 'unavailable',
    message: 'Temporal at {address} does not answer: {cause}',
    systemDoes: WAITS,
    next: 'Check the address (TEMPORAL_ADDRESS or temporal.toml) and the server.',
    exitCode: 1,
  },
  'worker-missing': {
    class: 'unavailable',
    message: 'No worker polls task queue {taskQueue}, so {what}',
    systemDoes: WAITS,
    next: 'Start a worker that serves it: diskferry worker --queues {taskQueue}',
    exitCode: 1,
  },
  'job-pending': {
    class: 'unavailable',
    message: 'Disk {diskKey}: volume {volumeId} has a CloudStack job that is not final yet (job {jobId})',
    systemDoes: WAITS,
    next: 'Nothing has to be done; CloudStack itself gives a job up after job.cancel.threshold.minutes.',
    exitCode: 1,
  },
  'copy-locked': {
    class: 'unavailable',
    message: 'Volume {volumeId} is still held by a copier of an earlier attempt (lock {lock})',
    systemDoes: WAITS,
    next: 'Nothing has to be done; the lock falls with the process that holds it.',
    exitCode: 1,
  },

  // Steps
  'create-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: CloudStack did not create volume {volumeName}: {cause}',
    systemDoes: COUNTS,
    next: "Read CloudStack's words; then: diskferry retry {vm}",
    exitCode: 1,
  },
  'create-refused': {
    class: 'refused',
    message: 'Disk {diskKey}: CloudStack refused to create volume {volumeName}: {cause}',
    systemDoes: 'takes back what it made',
    next: 'Correct what CloudStack names, then send the request again.',
    exitCode: 1,
  },
  'volume-differs': {
    class: 'conflict',
    message: 'Disk {diskKey}: volume {volumeId} is not as it must be: {differences}',
    systemDoes: 'leaves the volume alone and takes back what it made',
    next: 'Look at the volume in CloudStack; it was changed or is not ours.',
    exitCode: 1,
  },
  'volume-gone': {
    class: 'failed',
    message: "Disk {diskKey}: volume {volumeId} is no longer in CloudStack's list",
    systemDoes: COUNTS,
    next: "Find out who removed it (CloudStack's events), then: diskferry retry {vm}",
    exitCode: 1,
  },
  'attach-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: volume {volumeId} could not be attached to appliance {applianceId}: {cause}',
    systemDoes: COUNTS,
    next: "Read CloudStack's words; then: diskferry retry {vm}",
    exitCode: 1,
  },
  'attach-refused': {
    class: 'refused',
    message: 'Disk {diskKey}: CloudStack refuses to attach volume {volumeId} to appliance {applianceId}: {cause}',
    systemDoes: 'takes back what it made',
    next: 'Correct what CloudStack names, then send the request again.',
    exitCode: 1,
  },
  'attached-elsewhere': {
    class: 'conflict',
    message:
      'Disk {diskKey}: volume {volumeId} is attached to VM {otherVmId} ({otherVmName}), not to appliance {applianceId}',
    systemDoes: 'leaves the volume alone and takes back what it made',
    next: 'Detach the volume there if nobody needs it, then send the request again.',
    exitCode: 1,
  },
  'detach-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: volume {volumeId} could not be detached from VM {vmId}: {cause}',
    systemDoes: 'keeps trying with growing pauses; after undoAttentionAfter the run needs attention',
    next: "Read CloudStack's words; then: diskferry retry {vm}, or give it up with: diskferry abandon {vm}",
    exitCode: 1,
  },
  'delete-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: volume {volumeId} could not be deleted: {cause}',
    systemDoes: 'keeps trying with growing pauses; after undoAttentionAfter the run needs attention',
    next: "Read CloudStack's words; then: diskferry retry {vm}, or give it up with: diskferry abandon {vm}",
    exitCode: 1,
  },
  'device-missing': {
    class: 'failed',
    message:
      'Disk {diskKey}: volume {volumeId} is attached, but appliance {applianceId} shows no device with serial {serial} in {directory} after {waited}',
    systemDoes: COUNTS,
    next: 'Look at the links in {directory} on the appliance; a hypervisor without serials is not supported.',
    exitCode: 1,
  },
  'device-wrong': {
    class: 'failed',
    message: 'Disk {diskKey}: device {deviceNode} is not proven to be volume {volumeId}: {evidence}',
    systemDoes: COUNTS,
    next: 'Do not write to the device. Look at its serial and size on the appliance.',
    exitCode: 1,
  },
  'device-in-use': {
    class: 'failed',
    message: 'Disk {diskKey}: device {deviceNode} of volume {volumeId} is in use on the appliance: {evidence}',
    systemDoes: COUNTS,
    next: 'Free the device (LVM, md, multipath and udisks of the appliance must leave replicas alone), then: diskferry retry {vm}',
    exitCode: 1,
  },
  'device-still-there': {
    class: 'failed',
    message:
      'Disk {diskKey}: volume {volumeId} is detached, but appliance {applianceId} still shows or holds it: {evidence}',
    systemDoes: 'keeps looking with growing pauses; deletes nothing and attaches it nowhere',
    next: 'Stop and start the appliance; then: diskferry retry {vm}',
    exitCode: 1,
  },
  'mapping-conflict': {
    class: 'conflict',
    message:
      'Disk {diskKey}: {what} is mapped already, to volume {otherVolumeId} (owner {otherOwner}), not to volume {volumeId} (owner {owner})',
    systemDoes: 'leaves the other mapping alone and takes back what it made',
    next: 'See it: diskferry mappings --vm {applianceId}',
    exitCode: 1,
  },
  'mark-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: volume {volumeId} could not be marked as holding data: {cause}',
    systemDoes: 'tries again up to stepAttempts, then holds the run; nothing is written before the mark is there',
    next: "Read CloudStack's words; then: diskferry retry {vm}",
    exitCode: 1,
  },
  'export-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: export {exportName} of {deviceNode} is not served as it must be: {evidence}',
    systemDoes: 'tries again up to stepAttempts, then holds the run',
    next: "Look at the appliance's nbdkit and its exports folder; then: diskferry retry {vm}",
    exitCode: 1,
  },
  'export-in-use': {
    class: 'failed',
    message: 'Disk {diskKey}: export {exportName} still has a client or a copier: {evidence}',
    systemDoes: 'keeps trying with growing pauses',
    next: 'End the client that holds it; then: diskferry retry {vm}',
    exitCode: 1,
  },
  'copy-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: copying {source} to volume {volumeId} failed at byte {offset}: {cause}',
    systemDoes: 'tries again from the last finished window up to stepAttempts, then holds the run; deletes nothing',
    next: 'Read the cause; then: diskferry retry {vm}, or stop with: diskferry cancel {vm}',
    exitCode: 1,
  },
  'verify-mismatch': {
    class: 'failed',
    message:
      'Disk {diskKey}: volume {volumeId} differs from its source in {windows} window(s), the first at byte {offset}',
    systemDoes: 'copies those windows again up to stepAttempts, then holds the run; deletes nothing',
    next: 'Check the storage under the volume and whether the source changes while it is copied; then: diskferry retry {vm}',
    exitCode: 1,
  },
  'verify-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: volume {volumeId} could not be read back: {cause}',
    systemDoes: 'tries again up to stepAttempts, then holds the run; deletes nothing',
    next: 'Read the cause; then: diskferry retry {vm}',
    exitCode: 1,
  },

  // Ownership
  'claim-lost': {
    class: 'conflict',
    message: 'Run {runId} of {workflowId} no longer holds VM {vm}: {holder} does (epoch {epoch})',
    systemDoes: 'does nothing more on behalf of the earlier run',
    next: 'See the run that holds it: diskferry status {vm}',
    exitCode: 1,
  },
  'operation-active': {
    class: 'conflict',
    message: 'Volume {volumeId} has an unfinished operation of another owner: {operationId} ({kind}, owner {owner})',
    systemDoes: 'leaves the volume alone',
    next: 'Wait until that operation has ended, or see who owns it: diskferry status {vm}',
    exitCode: 1,
  },
  'vm-operation-active': {
    class: 'conflict',
    message: 'Failover VM {name} has an unfinished operation of another owner: {operationId} ({kind}, owner {owner})',
    systemDoes: 'leaves the VM alone',
    next: 'Wait until that operation has ended, or see who owns it: diskferry failover status {vm}',
    exitCode: 1,
  },

  // Backups
  'backup-unwritable': {
    class: 'refused',
    message: 'Backup {file} was not written: {cause}',
    systemDoes: 'leaves no part of the file behind; changes nothing',
    next: 'Name another file with --to, in a folder with room that you may write to.',
    exitCode: 1,
  },
  'backup-unusable': {
    class: 'refused',
    message: 'Backup {file} cannot be used: {cause}',
    systemDoes: REFUSES,
    next: 'Use another backup; prove it first: diskferry backup --verify FILE',
    exitCode: 1,
  },
  'backup-schema-differs': {
    class: 'refused',
    message: 'Backup {file} does not fit the database: {cause}',
    systemDoes: REFUSES,
    next: 'Restore it with the release that wrote it, into a database that this release migrated; then upgrade (docs/backup.md).',
    exitCode: 1,
  },
  'backup-refused': {
    class: 'refused',
    message: 'Backup {file}: {cause}',
    systemDoes: 'takes everything back; the rows are as they were',
    next: 'Read the cause; a missing right is given by the administrator of the server.',
    exitCode: 1,
  },
  'restore-not-quiet': {
    class: 'conflict',
    message: 'The database is in use: {who}',
    systemDoes: REFUSES,
    next: 'End the runs (diskferry cancel VM), stop the workers, then restore again.',
    exitCode: 1,
  },

  // Adopting an older installation
  'adoption-refused': {
    class: 'refused',
    message: 'The older installation cannot be adopted, or taken back: {cause}',
    systemDoes: 'changes nothing more; an adoption that was begun can be taken back',
    next: 'Read the cause and docs/adopt.md; an adoption that was cut off: diskferry adopt --undo',
    exitCode: 1,
  },
  'adoption-writers': {
    class: 'conflict',
    message: "The older system's tables can still be written by others: {cause}",
    systemDoes: REFUSES,
    next: 'Stop the older daemon and run the REVOKE statements above, then adopt again.',
    exitCode: 1,
  },

  // Ends of a run
  'run-ended-outside': {
    class: 'failed',
    message: 'Run {runId} of VM {vm} was ended from outside ({how}); it could take nothing back. Cause: {cause}',
    systemDoes: 'does nothing more on behalf of that run; the next run of the VM finds what it made',
    next: 'Send the request again with a new requestId, or release what is there: diskferry release {vm}',
    exitCode: 1,
  },
  'rolled-back': {
    class: 'failed',
    message: 'VM {vm} was not replicated; everything this run made was taken back. Cause: {cause}',
    systemDoes: 'has ended; nothing of it is left',
    next: '{next}',
    exitCode: 1,
  },
  abandoned: {
    class: 'failed',
    message: 'VM {vm} was abandoned with leftovers: {leftovers}. Cause: {cause}',
    systemDoes: 'has ended; the leftovers stay recorded',
    next: 'Remove the leftovers by hand, each named above.',
    exitCode: 1,
  },
  // Recovery points, failovers and the way back
  'never-replicated': {
    class: 'refused',
    message: 'VM {vm} has no replicas at site {site}: it was never replicated there, or they were released',
    systemDoes: REFUSES,
    next: 'Replicate it first: diskferry replicate REQUEST',
    exitCode: 1,
  },
  'vm-not-verified': {
    class: 'refused',
    message: 'VM {vm} is not verified: {disks}; its replicas may be half old and half new',
    systemDoes: REFUSES,
    next: 'Use a recovery point (diskferry points {vm}), or replicate it again; "allowUnverified" with a reason takes them as they are.',
    exitCode: 1,
  },
  'vm-failed-over': {
    class: 'conflict',
    message: 'VM {vm} is failed over to VM {failoverVmName} ({failoverVmId}) since {since}',
    systemDoes: REFUSES,
    next: 'Go back first: diskferry failover back {vm}',
    exitCode: 1,
  },
  'failover-unknown': {
    class: 'refused',
    message: 'No failover, failback or revert of VM {vm} is known',
    systemDoes: REFUSES,
    next: 'See which there are: diskferry failover list',
    exitCode: 1,
  },
  'vm-not-failed-over': {
    class: 'refused',
    message: 'VM {vm} is not failed over',
    systemDoes: REFUSES,
    next: 'See what there is: diskferry failover status {vm}',
    exitCode: 1,
  },
  'disk-missing': {
    class: 'refused',
    message: 'Disk {diskKey} of VM {vm}: its volume {volumeId} is {what}',
    systemDoes: REFUSES,
    next: 'Replicate the VM again, or go back to a recovery point: diskferry points {vm}',
    exitCode: 1,
  },
  'boot-disk-unclear': {
    class: 'refused',
    message: 'VM {vm} has {count} disks that are marked as boot disk ({disks}); exactly one is needed',
    systemDoes: REFUSES,
    next: 'Replicate it again with exactly one disk marked "boot": true.',
    exitCode: 1,
  },
  'point-unknown': {
    class: 'refused',
    message: 'VM {vm} has no complete recovery point {point}; it has: {points}',
    systemDoes: REFUSES,
    next: 'See them: diskferry points {vm}',
    exitCode: 1,
  },
  'point-incomplete': {
    class: 'failed',
    message: 'Recovery point {pointId} of VM {vm} is not complete: {missing}',
    systemDoes: 'tries again up to stepAttempts, then deletes the snapshots that were made: all or none',
    next: "Read CloudStack's words; then: diskferry retry {vm}",
    exitCode: 1,
  },
  'snapshot-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: volume {volumeId} could not be snapshotted: {cause}',
    systemDoes: 'tries again up to stepAttempts, then deletes the snapshots that were made: all or none',
    next: "Read CloudStack's words; then send the request again.",
    exitCode: 1,
  },
  'snapshot-needs-detach': {
    class: 'failed',
    message:
      'Disk {diskKey}: site {site} snapshots no volume of a running VM, and volume {volumeId} is attached to VM {vmId}: {cause}',
    systemDoes: 'takes the volumes off, snapshots them, and attaches them again',
    next: 'Nothing has to be done; with the CloudStack setting kvm.snapshot.enabled it goes without.',
    exitCode: 1,
  },
  'snapshot-gone': {
    class: 'failed',
    message: 'Disk {diskKey}: snapshot {snapshotId} of recovery point {pointId} is {what}',
    systemDoes: 'takes back what it made',
    next: "Find out who removed it (CloudStack's events); use another recovery point: diskferry points {vm}",
    exitCode: 1,
  },
  'snapshot-delete-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: snapshot {snapshotId} could not be deleted: {cause}',
    systemDoes: 'keeps trying with growing pauses; after undoAttentionAfter the run needs attention',
    next: "Read CloudStack's words; see what stays: diskferry points {vm}",
    exitCode: 1,
  },
  'restore-failed': {
    class: 'failed',
    message: 'Disk {diskKey}: no volume could be made from snapshot {snapshotId}: {cause}',
    systemDoes: 'tries again up to stepAttempts, then takes back what it made',
    next: "Read CloudStack's words; then send the request again.",
    exitCode: 1,
  },
  'service-offering-unknown': {
    class: 'refused',
    message: 'Site {site}: CloudStack lists no service offering named or numbered {offering}',
    systemDoes: REFUSES,
    next: 'Correct "target.serviceOffering" of the request.',
    exitCode: 1,
  },
  'service-offering-unfit': {
    class: 'refused',
    message: 'Site {site}: service offering {offering} does not fit: {problem}',
    systemDoes: REFUSES,
    next: 'Correct "target.serviceOffering", "cpus" and "memoryMib" of the request.',
    exitCode: 1,
  },
  'template-unknown': {
    class: 'refused',
    message: 'Site {site}: CloudStack lists no template named or numbered {template} in zone {zone}',
    systemDoes: REFUSES,
    next: 'Correct "target.template" of the request; the shell VM is made from it and its root is thrown away.',
    exitCode: 1,
  },
  'network-unknown': {
    class: 'refused',
    message: 'Site {site}: CloudStack lists no network named or numbered {network} for this owner',
    systemDoes: REFUSES,
    next: 'Correct "target.networks" of the request.',
    exitCode: 1,
  },
  'network-elsewhere': {
    class: 'refused',
    message: 'Network {network} is in zone {zone}, the failover VM would be in zone {siteZone}',
    systemDoes: REFUSES,
    next: "Name a network of the site's zone.",
    exitCode: 1,
  },
  'vm-name-taken': {
    class: 'conflict',
    message: 'A VM named {name} is there already: {otherVmId} ({state})',
    systemDoes: REFUSES,
    next: 'Choose another "target.name".',
    exitCode: 1,
  },
  'too-many-disks': {
    class: 'refused',
    message: 'VM {vm} has {disks} data disks, site {site} allows {limit} on one VM',
    systemDoes: REFUSES,
    next: 'Have the limit of the hypervisor raised in CloudStack (hypervisor capabilities).',
    exitCode: 1,
  },
  'deploy-failed': {
    class: 'failed',
    message: 'Failover VM {name}: CloudStack did not make it: {cause}',
    systemDoes: 'tries again up to stepAttempts, then takes back what it made',
    next: "Read CloudStack's words; then send the request again.",
    exitCode: 1,
  },
  'deploy-refused': {
    class: 'refused',
    message: 'Failover VM {name}: CloudStack refused to make it: {cause}',
    systemDoes: 'takes back what it made',
    next: 'Correct what CloudStack names, then send the request again.',
    exitCode: 1,
  },
  'clear-root-failed': {
    class: 'failed',
    message:
      "Failover VM {name} ({failoverVmId}): its template's root {volumeId} could not be taken off and deleted: {cause}",
    systemDoes: 'tries again up to stepAttempts, then takes back what it made',
    next: "Read CloudStack's words; then send the request again.",
    exitCode: 1,
  },
  'vm-gone': {
    class: 'failed',
    message: "Failover VM {name} ({failoverVmId}) is no longer in CloudStack's list",
    systemDoes: 'tries again up to stepAttempts, then takes back what it made',
    next: "Find out who removed it (CloudStack's events).",
    exitCode: 1,
  },
  'vm-job-pending': {
    class: 'unavailable',
    message: 'Failover VM {name} has a CloudStack job that is not final yet (job {jobId})',
    systemDoes: WAITS,
    next: 'Nothing has to be done; CloudStack itself gives a job up after job.cancel.threshold.minutes.',
    exitCode: 1,
  },
  'vm-attach-failed': {
    class: 'failed',
    message:
      'Disk {diskKey}: volume {volumeId} could not be attached to failover VM {name} ({failoverVmId}) as {deviceId}: {cause}',
    systemDoes: 'tries again up to stepAttempts, then puts every volume back',
    next: "Read CloudStack's words; then send the request again.",
    exitCode: 1,
  },
  'vm-start-failed': {
    class: 'failed',
    message: 'Failover VM {name} ({failoverVmId}) could not be started: {cause}',
    systemDoes:
      'tries again up to stepAttempts; a test or a failover before its point of no return is taken back, a later one is held',
    next: "Read CloudStack's words; then: diskferry failover retry {vm}, or diskferry failover back {vm}",
    exitCode: 1,
  },
  'vm-stop-failed': {
    class: 'failed',
    message: 'Failover VM {name} ({failoverVmId}) could not be stopped: {cause}',
    systemDoes: 'keeps trying with growing pauses',
    next: "Read CloudStack's words; stop the VM by hand if CloudStack cannot.",
    exitCode: 1,
  },
  'vm-remove-failed': {
    class: 'failed',
    message: 'Failover VM {name} ({failoverVmId}) could not be removed: {cause}',
    systemDoes: 'keeps trying with growing pauses; after undoAttentionAfter the run needs attention',
    next: "Read CloudStack's words; then: diskferry failover retry {vm}, or diskferry failover abandon {vm}",
    exitCode: 1,
  },
  'vm-holds-replicas': {
    class: 'failed',
    message: 'Failover VM {name} ({failoverVmId}) is not removed: volumes of ours are still on it: {volumes}',
    systemDoes: 'removes nothing, keeps looking with growing pauses',
    next: 'Take these volumes off the VM; they hold data.',
    exitCode: 1,
  },
  'vm-unhealthy': {
    class: 'failed',
    message: 'Failover VM {name} ({failoverVmId}) was not healthy within {waited}: {evidence}',
    systemDoes: 'a test is taken back; a live failover is held',
    next: 'Look at its console; then: diskferry failover retry {vm}, or diskferry failover back {vm}',
    exitCode: 1,
  },
  'guest-step-failed': {
    class: 'failed',
    message: 'VM {vm}: the guest step {step} failed: {cause}',
    systemDoes: 'tries a hook again up to stepAttempts, a conversion not at all; then takes back what it made',
    next: "Read the command's words (more of them in the log of the appliance's worker), correct it, then send the request again. After a live failover replicate the VM first: its replicas count as not verified.",
    exitCode: 1,
  },
  'hook-unknown': {
    class: 'refused',
    message: 'Hook {hook} is not configured for site {site} on this worker; configured: {configured}',
    systemDoes: REFUSES,
    next: 'Add a [site.{site}.hook.{hook}] section to the configuration of every worker that serves the site or its appliances, or correct the request.',
    exitCode: 1,
  },
  'hook-failed': {
    class: 'failed',
    message: 'VM {vm}: hook {hook} ({purpose}) failed: {cause}',
    systemDoes:
      'asks a health hook until health.within is over, tries any other again up to stepAttempts; then takes back what it made, or holds what cannot be taken back',
    next: 'Run the command by hand, correct it, then send the request again; a run that is held: diskferry failover retry {vm}',
    exitCode: 1,
  },
  'failover-rolled-back': {
    class: 'failed',
    message: 'VM {vm}: the {kind} failed and was taken back; everything is as it was before. Cause: {cause}',
    systemDoes: 'has ended; nothing of it is left',
    next: '{next}',
    exitCode: 1,
  },
  'failover-group-failed': {
    class: 'failed',
    message: 'Group {group}: {failed} of {members} members failed: {causes}',
    systemDoes: 'did what the group asks for (onFailure: {policy})',
    next: 'See each member: diskferry failover status VM',
    exitCode: 1,
  },

  // The stack of one machine (up, demo)
  'stack-in-use': {
    class: 'conflict',
    message: 'The state folder {directory} is in use by process {holder}',
    systemDoes: REFUSES,
    next: 'Stop that process (Ctrl-C where it runs, or: kill {holder}), or name another folder with --state.',
    exitCode: 1,
  },
  'stack-not-started': {
    class: 'failed',
    message: 'The stack in {directory} could not be started: {cause}',
    systemDoes: 'stops what it had started',
    next: 'Read the logs in {directory}/logs; what is missing on this machine is installed by: npm run setup',
    exitCode: 1,
  },
  'demo-failed': {
    class: 'failed',
    message: 'The demo expected: {expectation}. It found: {found}',
    systemDoes: 'ends the demo; its folder with data and logs is kept, and named',
    next: 'Look into that folder (logs, and: diskferry failover list --state FOLDER with diskferry up on it), or run the demo again.',
    exitCode: 1,
  },
  internal: {
    class: 'failed',
    message: 'Unexpected error in {where}: {cause}',
    systemDoes: 'tries again up to stepAttempts',
    next: "This is a fault in Diskferry; report it with the worker's log.",
    exitCode: 1,
  },
} as const satisfies Readonly<Record<string, FailureRow>>;
