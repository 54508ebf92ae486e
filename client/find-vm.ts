import type { Client } from '@temporalio/client';
import { failure } from '../domain/failures';
import type { SourceVmKey } from '../domain/names';
import { listFromDatabase, listFromTemporal, type ListedReplication } from './list-replications';
import type { ReplicationRecords } from './replication-records';
import { resolveVm, vmIdOf } from './vm-argument';

/**
 * Finds the VM that `[site/][source/]id` names. A whole name is taken as it is; else database and Temporal are both asked, since
 * a run that no worker has seen yet has no row, and Temporal forgets runs after its retention.
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
  const found = resolveVm(argument, await knownRuns(temporal, records, sourceVmId));
  return { site: found.site, sourceId: found.sourceId, sourceVmId };
}

/**
 * Name and appliance of a VM, as its last replication had them.
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
  throw failure('vm-unknown', { vm: argument });
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
