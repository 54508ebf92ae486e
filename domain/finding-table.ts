/* eslint max-lines: "off" -- one table, one row per kind of finding: splitting it would hide a code given twice */
import { z } from 'zod';

/**
 * The one table of findings: what `diskferry doctor` can say. Texts, `--json`, docs/findings.md and what `diskferry repair` offers
 * follow from it. Codes are never reused. The order of every message: what, which disk, volume and VM, what the other side says.
 *
 * - `critical`: data may be lost or mixed up, or nothing can go on at all. Look at it now.
 * - `error`: something is wrong, and will not come right by itself.
 * - `warning`: nothing is broken yet, or something was left over.
 * - `info`: worth knowing.
 */
export const severitySchema = z.enum(['info', 'warning', 'error', 'critical']);
export type Severity = z.output<typeof severitySchema>;

export interface FindingRow {
  readonly severity: Severity;
  readonly title: string;
  /** text with `{field}` placeholders */
  readonly message: string;
  /** what can come of it */
  readonly risk: string;
  /** the command that mends it, or what to do by hand; `{site}` and `{id}` are always known */
  readonly mend: string;
  /** what `diskferry repair` does about it; undefined where a person must */
  readonly repair?: {
    readonly does: string;
    /** only when this very finding is named: it removes something that may hold data, or something nobody recorded */
    readonly onlyNamed: boolean;
  };
}

const REPAIR = 'diskferry repair {site} {id}';

export const findingTable = {
  // The four truths cannot be asked
  'database-unreachable': {
    severity: 'critical',
    title: 'The database cannot be read',
    message: '{cause}',
    risk: 'Nothing that needs the database goes on, and nothing can be compared with it.',
    mend: 'Check the database server, the account and its rights.',
  },
  'table-unreadable': {
    severity: 'error',
    title: 'A table cannot be read',
    message: 'Table {table} cannot be read: {cause}',
    risk: 'What it records cannot be compared; workers that need it fail.',
    mend: 'Grant the account its rights on the table, or run: diskferry migrate',
  },
  'row-unreadable': {
    severity: 'error',
    title: 'A row makes no sense',
    message: 'Table {table}, row {key}: {problem}',
    risk: 'Steps that meet the row end with an error.',
    mend: 'Look at the row; nothing of Diskferry writes such a one. Correct or remove it by hand, after a backup.',
  },
  'schema-drift': {
    severity: 'critical',
    title: 'The schema is not the one that the migrations made',
    message: 'The schema of the database is {problem}: {details}',
    risk: 'Workers refuse to start. Without its unique keys the database does not keep two volumes from one device path.',
    mend: 'diskferry migrate (it refuses tables that were changed by hand and says what differs: take such changes back)',
  },
  'schema-foreign': {
    severity: 'critical',
    title: "The database holds another system's tables",
    message: "The database holds another system's tables, by names that Diskferry needs: {tables}",
    risk: 'Nothing is read out of them, and no worker starts; a job that hangs in them is not known here.',
    mend: 'Of the older installation: diskferry adopt (docs/adopt.md). Else name an empty database in the configuration, then: diskferry migrate',
  },
  'adoption-unfinished': {
    severity: 'critical',
    title: 'An adoption was cut off',
    message:
      'Adoption {adoptionId} of the older installation, begun at {when}, did not come to its end, nor was it taken back',
    risk: 'Some tables are of the older installation and some of Diskferry, and rows are missing. Whatever is started now works without them.',
    mend: 'Start no worker. diskferry adopt --undo --from DATABASE_URL --backup FILE --apply takes it back from wherever it was cut off; then adopt again (docs/adopt.md)',
  },
  'vm-left-behind': {
    severity: 'info',
    title: 'A VM that stayed with the older installation',
    message:
      'VM {vmName} ({contextId}) was {status} when the older installation was adopted, and was left behind with its volumes: {volumes}',
    risk: 'Diskferry knows nothing of these volumes and touches none of them. A replication of the VM makes new ones.',
    mend: 'Nothing, if it is to stay where it is. To take it too: docs/adopt.md, "VMs that are failed over".',
  },
  'cloudstack-unreachable': {
    severity: 'critical',
    title: 'CloudStack cannot be asked',
    message: '{cause}',
    risk: 'Steps at this site wait, and nothing can be compared with CloudStack.',
    mend: 'diskferry probe {site}',
  },
  'temporal-unreachable': {
    severity: 'critical',
    title: 'Temporal cannot be asked',
    message: '{cause}',
    risk: 'No workflow goes on, and no run can be compared with the records.',
    mend: 'Check the address (TEMPORAL_ADDRESS or temporal.toml) and the server.',
  },
  'appliance-silent': {
    severity: 'error',
    title: 'An appliance was not looked into',
    message: 'Appliance {applianceId} did not say which devices it has: {cause}',
    risk: 'Its devices and exports are not compared.',
    mend: 'Check the worker on the appliance and its log.',
  },
  'queue-unpolled': {
    severity: 'error',
    title: 'Nobody polls a task queue',
    message: 'No worker polls task queue {queue}',
    risk: 'Every step on this queue waits until one does.',
    mend: 'Start the worker: diskferry worker --queues {queue}',
  },
  'preflight-refusal': {
    severity: 'error',
    title: 'A new replication would be refused',
    message: '{refusal}',
    risk: 'Whatever is started at this site now ends with this refusal.',
    mend: 'diskferry probe {site}',
  },
  'search-attributes-missing': {
    severity: 'warning',
    title: 'Search attributes are not registered',
    message: 'Temporal does not know the search attributes {names}',
    risk: "Runs cannot be searched by site, VM and phase in Temporal's web page. Nothing else is missing.",
    mend: 'diskferry migrate',
  },
  'clock-difference': {
    severity: 'warning',
    title: 'Two clocks differ',
    message: 'The clock of {whose} is {seconds} s {direction} of this machine',
    risk: 'Times in tables and logs mislead; from 15 minutes on CloudStack may refuse signatures that expire.',
    mend: 'Set up time synchronisation (chrony, systemd-timesyncd) on both machines.',
  },
  'limit-near': {
    severity: 'warning',
    title: 'A limit is nearly reached',
    message: '{what}: {used} of {limit} are used',
    risk: 'One of the next replications is refused for it.',
    mend: 'Release replicas that are not needed (diskferry release VM), or have the limit raised.',
  },

  // Mappings and attachments
  'duplicate-device-path': {
    severity: 'critical',
    title: 'Two mappings have one device path',
    message: 'Device path {devicePath} stands in {count} rows, of volumes {volumeIds}',
    risk: 'One volume is taken for the other: the data of one disk is written over another.',
    mend: 'Stop the copies on these volumes, find out which mapping is right (diskferry doctor shows where each volume is), and run: diskferry migrate',
  },
  'old-form-path': {
    severity: 'warning',
    title: 'A device path has the form of the older system',
    message: 'Volume {volumeId} is mapped as {devicePath}, which does not name the volume ({form})',
    risk: 'A second volume of the same VM cannot be told from this one by its path.',
    mend: 'It keeps working as it is. To give it the form remote-vm-(vm)-(volume), after a backup: diskferry adopt --rewrite-paths --apply',
  },
  'device-path-differs': {
    severity: 'error',
    title: 'A device path does not name its own row',
    message: 'Volume {volumeId} on VM {vmId} is mapped as {devicePath}, not as {expected}',
    risk: 'Whoever finds a volume by its path finds another one.',
    mend: 'Look at the row; nothing of Diskferry writes such a one. Correct it by hand, after a backup.',
  },
  'mapping-without-attachment': {
    severity: 'error',
    title: 'A mapping without an attachment',
    message: 'Volume {volumeId} is mapped on VM {vmId}, but CloudStack says that it is {where}',
    risk: 'A copy or an export of this mapping would meet no device, or a wrong one.',
    mend: REPAIR,
    repair: {
      does: 'closes the export, proves that the appliance does not see the volume, and moves the mapping to the history',
      onlyNamed: false,
    },
  },
  'attachment-without-mapping': {
    severity: 'error',
    title: 'An attached volume without a mapping',
    message: 'Volume {volumeId} ({volumeName}) is attached to appliance {vmId}, but no mapping says so',
    risk: 'It takes a slot of the appliance, and nobody can use it or tell whose it is.',
    mend: REPAIR,
    repair: {
      does: "maps it again when it is the volume that the VM's disk has; else detaches it and keeps it",
      onlyNamed: false,
    },
  },
  'volume-on-wrong-vm': {
    severity: 'critical',
    title: 'A volume is on another VM than recorded',
    message:
      'Volume {volumeId} is recorded as {recorded}, but CloudStack says that it is attached to {otherVmId} ({otherVmName})',
    risk: 'Another VM may be writing to the replica. What it holds is not verified any more.',
    mend: 'Find out who attached it. When that VM must not have it, detach it there; then run doctor again.',
  },
  'orphan-volume': {
    severity: 'warning',
    title: 'A volume of ours that nobody has recorded',
    message: 'Volume {volumeId} ({volumeName}) carries our name and tags, but {reason}',
    risk: 'It takes space and quota. What it holds is unknown.',
    mend: `${REPAIR} --apply (it is deleted only when named like this)`,
    repair: { does: 'deletes the volume, if it is attached nowhere and no appliance sees it', onlyNamed: true },
  },
  'size-mismatch': {
    severity: 'error',
    title: 'Sizes of a volume differ',
    message: 'Volume {volumeId}: {sizes}',
    risk: 'A disk may not fit, or bytes beyond the recorded size are neither copied nor verified.',
    mend: 'Find out who resized it. diskferry replicate REQUEST.json judges the size anew.',
  },
  'straggler-job': {
    severity: 'error',
    title: 'A job that nobody waits for is pending on a volume',
    message:
      'CloudStack still has job {jobId} pending on volume {volumeId} ({volumeName}), and no operation of ours waits for it',
    risk: 'It may still detach the volume, from whichever VM holds it then (apache/cloudstack#14214).',
    mend: 'Leave the volume alone until the job has ended: queryAsyncJobResult jobid={jobId}',
  },

  // Devices and exports
  'ghost-disk': {
    severity: 'critical',
    title: 'A ghost disk: plugged in, but not attached',
    message: 'Appliance {applianceId} sees volume {volumeId} as {device}, but CloudStack says that it is {where}',
    risk: 'Two VMs may write to one volume. It is neither deleted nor attached elsewhere while it is seen.',
    mend: 'Stop and start the appliance (a reboot is not enough), then run doctor again.',
  },
  'device-without-mapping': {
    severity: 'warning',
    title: 'A device that no mapping and no attachment explains',
    message:
      'Appliance {applianceId} has disk {device} with serial {serial}, and nobody knows a volume of this serial there',
    risk: 'It may be a ghost of a volume that is not listed any more.',
    mend: 'Find the volume by its serial, the first 20 hex digits of its id. Where there is none, stop and start the appliance.',
  },
  'mapping-without-device': {
    severity: 'error',
    title: 'A mapped volume whose device the appliance does not have',
    message: 'Volume {volumeId} is mapped on appliance {applianceId} as {deviceNode}, but no disk there has its serial',
    risk: 'Copies and exports of this volume fail.',
    mend: 'diskferry status {vm}; when nothing runs, release and replicate the VM again.',
  },
  'serial-mismatch': {
    severity: 'critical',
    title: 'A device link leads to another disk',
    message:
      'On appliance {applianceId} {deviceNode} of volume {volumeId} leads to a disk with serial {found}, not {serial}',
    risk: 'What is written to this link lands on another volume.',
    mend: 'udevadm trigger on the appliance. When it stays so, stop and start the appliance.',
  },
  'device-held': {
    severity: 'error',
    title: 'The appliance itself uses a replica',
    message: 'On appliance {applianceId} the disk {device} of volume {volumeId} is held by {holders}',
    risk: 'LVM, md or multipath of the appliance may write to the replica; copies of it are refused.',
    mend: 'On the appliance: stop what holds it (vgchange -an, mdadm --stop, multipath -f), and filter these disks (docs/appliance.md).',
  },
  'orphan-export': {
    severity: 'warning',
    title: 'An export that is recorded, but stands on no mapping',
    message: 'Export {exportName} on appliance {applianceId} is recorded as open, but {reason}',
    risk: 'The next export of this volume meets it.',
    mend: REPAIR,
    repair: { does: 'closes the export, once nobody uses it, and removes its row', onlyNamed: false },
  },
  'orphan-link': {
    severity: 'error',
    title: 'An exported device that nobody has recorded',
    message: 'Appliance {applianceId} exports {exportName}, but no row says so',
    risk: 'Whoever can reach the socket can read and write the volume.',
    mend: REPAIR,
    repair: { does: 'removes the link, once nobody uses it', onlyNamed: false },
  },
  'export-server-silent': {
    severity: 'error',
    title: 'The export server does not answer',
    message: 'nbdkit of appliance {applianceId} does not answer: {cause}',
    risk: 'No export opens; copies wait.',
    mend: 'Start the service of nbdkit on the appliance (docs/appliance.md).',
  },

  // Operations and runs
  'failed-operation': {
    severity: 'error',
    title: 'An operation failed, and nothing has come right since',
    message: 'Operation {operationId} ({what}) of VM {vm} failed at {when}: {cause}',
    risk: 'What it was part of is not done; leftovers of it may be there.',
    mend: 'diskferry replicate REQUEST.json tries again. To settle what is left of it first: diskferry repair {site} {id}',
    repair: {
      does: 'takes the volume off the appliance (export, mapping, attachment), and deletes it only if this run made it and no copy ever began on it; one of the older installation: maps the volume again where it is attached and has no mapping, and closes the operation by where the volume is',
      onlyNamed: false,
    },
  },
  'stuck-operation': {
    severity: 'error',
    title: 'An operation does not end',
    message: 'Operation {operationId} ({what}) of VM {vm} is unfinished since {when}; {why}',
    risk: 'While its run goes on, the volume is blocked for everything else. What came of one of the older installation is not known.',
    mend: 'diskferry status {vm} says what it waits for. One of the older installation: diskferry repair {site} {id}',
    repair: {
      does: 'only one of the older installation: maps the volume again where it is attached and has no mapping, and closes the operation by where the volume is',
      onlyNamed: false,
    },
  },
  'operation-without-workflow': {
    severity: 'error',
    title: 'An unfinished operation whose run has ended',
    message: 'Operation {operationId} ({what}) of VM {vm} is unfinished since {when}, and its run {runId} {ended}',
    risk: 'The volume is blocked until somebody settles it, and what came of the call is not known.',
    mend: REPAIR,
    repair: {
      does: 'waits for its job, looks where the volume is, and closes the operation by that',
      onlyNamed: false,
    },
  },
  'workflow-without-record': {
    severity: 'error',
    title: 'A run of which the database knows nothing',
    message: 'Workflow {workflowId} (run {runId}) runs since {when}, but {missing}',
    risk: 'Its steps are refused as those of a run that lost its claim: it cannot go on.',
    mend: 'diskferry status {vm}. After a restore of the database: terminate the run in Temporal, then run doctor again.',
  },
  'job-without-workflow': {
    severity: 'error',
    title: 'A run is said to go on, but its workflow has ended',
    message: '{what} of VM {vm} is said to be {phase} since {when}, but its workflow {ended}',
    risk: 'Whoever reads the table waits for something that will never happen. Volumes may be left attached.',
    mend: REPAIR,
    repair: { does: 'records the run as abandoned, with the reason', onlyNamed: false },
  },
  'job-stuck': {
    severity: 'error',
    title: 'A run makes no progress',
    message: '{what} of VM {vm} is in phase {phase} and has recorded nothing since {when}',
    risk: 'It may wait for something that nobody gives it.',
    mend: 'diskferry status {vm} says what it waits for; diskferry retry {vm} cuts a pause short.',
  },
  'needs-attention': {
    severity: 'error',
    title: 'A run needs a decision',
    message: '{what} of VM {vm} is {phase} since {when}: {reason}',
    risk: 'Nothing more happens for this VM until somebody decides.',
    mend: 'diskferry status {vm} names the choices.',
  },
  'abandoned-leftovers': {
    severity: 'warning',
    title: 'Leftovers of a run that was given up',
    message: '{what} of VM {vm} was abandoned at {when}; volume {volumeId} of it is {where}',
    risk: 'It takes space, quota and perhaps a slot of the appliance.',
    mend: REPAIR,
    repair: {
      does: 'takes the volume off the appliance, and deletes it only if that run made it and no copy ever began on it',
      onlyNamed: false,
    },
  },

  // What can be gone back to
  'adopted-unverified': {
    severity: 'warning',
    title: 'Adopted replicas that are not verified yet',
    message:
      'VM {vm}: disks {diskKeys} were adopted from the older installation, and Diskferry has not replicated them yet',
    risk: 'Nobody knows how far the older copy came: a failover is refused, and there is no recovery point.',
    mend: 'diskferry replicate REQUEST.json (with "overwrite": true), while the source is there.',
  },
  'torn-vm': {
    severity: 'warning',
    title: 'The replicas of a VM are torn',
    message: 'VM {vm}: disks {diskKeys} are not verified, and nothing runs for it',
    risk: 'They cannot be failed over to as they are.',
    mend: 'diskferry replicate REQUEST.json (with "overwrite": true), or go back: diskferry revert {vm} --to POINT',
  },
  'recovery-point-missing': {
    severity: 'error',
    title: 'A torn VM without a recovery point',
    message: 'VM {vm} is torn (disks {diskKeys}) and has no complete recovery point',
    risk: 'If the source is lost now, there is nothing whole to fail over to.',
    mend: 'diskferry replicate REQUEST.json (with "overwrite": true), while the source is there.',
  },
  'recovery-point-broken': {
    severity: 'error',
    title: 'A recovery point whose snapshot is not there',
    message: 'Recovery point {pointId} of VM {vm}: the snapshot of disk {diskKey} ({snapshotId}) is {state}',
    risk: 'Going back to this point is refused.',
    mend: 'Replicate the VM again: that takes a new point. Find out who removed the snapshot.',
  },
  'recovery-point-left': {
    severity: 'warning',
    title: 'A recovery point that was to go is still there',
    message: 'Recovery point {pointId} of VM {vm} counts no more ({state}), but is not removed: {left}',
    risk: 'Its snapshots take secondary storage, and count against the limits of the account, until the next run of the VM that takes a point.',
    mend: REPAIR,
    repair: {
      does: 'removes the snapshots of points that count no more; of points that count, none',
      onlyNamed: false,
    },
  },
  'no-recovery-points-kept': {
    severity: 'info',
    title: 'The site keeps no recovery points',
    message: 'Site {site} has recovery_points = 0',
    risk: 'A replication that is cut off leaves its VM torn, with nothing to go back to.',
    mend: 'Set recovery_points in [site.{site}] to 1 or more.',
  },
} as const satisfies Readonly<Record<string, FindingRow>>;
