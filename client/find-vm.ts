import type { Client } from '@temporalio/client';
import { failure } from '../domain/failures';
import type { SourceVmKey } from '../domain/names';
import { listFromDatabase, listFromTemporal, type ListedReplication } from './list-replications';
import type { ReplicationRecords } from './replication-records';
import { resolveVm, vmIdOf } from './vm-argument';

/**
 * Finds the VM that `[site/][source/]id` names. A whole name is taken as it is; else database and Temporal are both asked, since
 * a run that no worker has seen yet has no row, and Temporal forgets runs after its retention. A VM that has replicas is known
 * without any run: it was adopted.
 *
 * @throws DiskferryFailure `usage`, `vm-unknown` or `vm-ambiguous`; or what both of them failed with
 */
export async function findVm(
  temporal: Client | undefined,
  records: ReplicationRecords | undefined,
  argument: string,
): Promise<SourceVmKey> {
  const sourceVmId = vmIdOf(argument);
  const [site, sourceId, id] = argument.split('/');
  if (site !== undefined && sourceId !== undefined && id !== undefined) return { site, sourceId, sourceVmId };
  const [runs, adopted] = await Promise.all([
    knownRuns(temporal, records, sourceVmId),
    records?.disks.vmsOf(sourceVmId) ?? [],
  ]);
  const found = resolveVm<SourceVmKey>(argument, [...runs, ...adopted]);
  return { site: found.site, sourceId: found.sourceId, sourceVmId };
}

/**
 * Name and appliance of a VM, as its last replication had them. An adopted one that has had none goes by its id, and its replicas say on
 * which appliance they are.
 *
 * @throws DiskferryFailure `vm-unknown`
 */
export async function lastRunOf(
  temporal: Client,
  records: ReplicationRecords | undefined,
  argument: string,
  vm: SourceVmKey,
): Promise<SourceVmKey & { vmName: string; applianceId: string }> {
  const runs = await knownRuns(temporal, records, vm.sourceVmId);
  for (const run of runs) {
    const { vmName, applianceId } = run;
    if (run.site !== vm.site || run.sourceId !== vm.sourceId) continue;
    if (vmName !== undefined && applianceId !== undefined) return { ...vm, vmName, applianceId };
  }
  const applianceId = records === undefined ? undefined : await applianceOfReplicas(records, vm);
  if (applianceId !== undefined) return { ...vm, vmName: vm.sourceVmId, applianceId };
  throw failure('vm-unknown', { vm: argument });
}

/** Where the VM's replicas are mapped; while it is failed over, where they were. */
async function applianceOfReplicas(records: ReplicationRecords, vm: SourceVmKey): Promise<string | undefined> {
  const live = await records.failovers.liveOf(vm);
  if (live !== undefined) return live.applianceId;
  const volumes = new Set((await records.disks.ofVm(vm)).map(({ volumeId }) => volumeId));
  if (volumes.size === 0) return undefined;
  const mappings = await records.mappings.list();
  return mappings.find(({ volumeId, role }) => role === 'replica' && volumes.has(volumeId))?.vmId;
}

async function knownRuns(
  temporal: Client | undefined,
  records: ReplicationRecords | undefined,
  sourceVmId: string,
): Promise<ListedReplication[]> {
  const answers = await Promise.allSettled([
    records === undefined ? [] : listFromDatabase(records, { sourceVmId }),
    temporal === undefined ? [] : listFromTemporal(temporal, { sourceVmId }),
  ]);
  const runs = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (runs.length === 0 && failed !== undefined) throw failed.reason;
  return runs;
}
