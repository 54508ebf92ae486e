import type { Finding, FindingKind } from '../domain/findings';
import type { RepairAct, RepairPlan } from '../domain/repair-io';
import { repairFacts, type RepairFacts } from './repair-facts';
import type { View } from './view';

/** Kinds in the order in which they are mended: what blocks the others first. */
export const repairOrder: readonly FindingKind[] = [
  'job-without-workflow',
  'operation-without-workflow',
  'failed-operation',
  'stuck-operation',
  'abandoned-leftovers',
  'orphan-export',
  'orphan-link',
  'mapping-without-attachment',
  'attachment-without-mapping',
  'orphan-volume',
  'recovery-point-left',
];

/**
 * What is to be done about a finding, act by act, or why nothing is. Only about what a row of ours, or name and tags together, prove to
 * be this installation's. What takes a volume that may hold data off the appliance, or deletes anything that is not known to be empty,
 * is done only when this very finding is named.
 */
export function planRepair(view: View, finding: Finding, named: boolean): RepairPlan {
  const facts = repairFacts(view, finding);
  const { vm, vmName, applianceId } = facts;
  const plan = {
    findingId: finding.id,
    title: finding.title,
    ...(vm !== undefined && { vm }),
    ...(vmName !== undefined && { vmName }),
    ...(applianceId !== undefined && { applianceId }),
  };
  const refused = whyNot(view, finding, facts, named);
  if (refused !== undefined) return { ...plan, acts: [], refused };
  const acts = actsFor(view, finding, facts, named);
  if (!named && facts.mayHoldData && acts.some(({ act }) => act === 'detachVolume')) {
    const holds = `Volume ${facts.volumeId ?? '?'} may hold data: it is taken off the appliance only when this finding is named.`;
    return { ...plan, acts: [], refused: holds };
  }
  return { ...plan, acts: [...acts] };
}

function whyNot(view: View, finding: Finding, facts: RepairFacts, named: boolean): string | undefined {
  const { vm, volumeId, ofTest, operation } = facts;
  if (finding.repair === 'no') return `No machine can mend this. ${finding.mend}`;
  if (finding.repair === 'named' && !named) return 'It is done only when this finding is named.';
  if (vm === undefined) return 'Nobody knows which VM it is of, so it is not proven to be ours.';
  if (view.runs.isMoving(vm)) return `A run of VM ${vm} is at work: it may come right by itself.`;
  if (finding.kind === 'attachment-without-mapping' && volumeId !== undefined && !view.records.has(volumeId)) {
    return `No row knows volume ${volumeId}, so its tags alone would have to prove that it is ours. See orphan-volume/${volumeId}.`;
  }
  if (finding.kind === 'abandoned-leftovers' && facts.mayHoldData && !isOnAppliance(view, facts)) {
    return `Volume ${volumeId ?? '?'} may hold data, and is off the appliance. To delete it: diskferry release ${vm} --delete-volumes ${volumeId ?? '?'}`;
  }
  if (ofTest) return 'It is a volume of a test failover. diskferry failover end VM removes those.';
  if (finding.kind === 'operation-without-workflow' && operation === undefined) {
    return 'An operation on a failover VM is settled by the next failover or failback of the VM.';
  }
  const at = volumeId === undefined ? undefined : view.listed.get(volumeId)?.virtualmachineid;
  if (at !== undefined && !view.truths.site.applianceIds.includes(at)) {
    return `Volume ${volumeId ?? '?'} is attached to VM ${at}, which is none of the site's appliances. It is not touched.`;
  }
  return undefined;
}

function isOnAppliance(view: View, { volumeId = '' }: RepairFacts): boolean {
  return view.mapped.has(volumeId) || view.listed.get(volumeId)?.virtualmachineid !== undefined;
}

function actsFor(view: View, { kind, fields }: Finding, facts: RepairFacts, named: boolean): readonly RepairAct[] {
  const { operation, runId, adopted } = facts;
  const volumeId = facts.volumeId ?? '?';
  const on = facts.applianceId ?? '?';
  const ref = refOf(facts);
  switch (kind) {
    case 'job-without-workflow':
      return [
        { act: 'endRecord', says: `record run ${runId ?? '?'} as abandoned`, ...(runId && { firstRunId: runId }) },
      ];
    case 'operation-without-workflow':
      if (facts.volumeId === undefined) return undoCreate(facts, false);
      return [
        {
          ...ref,
          act: 'settleOperation',
          says: `wait for the job of operation ${operation?.id ?? '?'}, look where volume ${volumeId} is, and close the operation by that`,
          ...(operation && { operationId: operation.id }),
        },
      ];
    case 'stuck-operation':
      // One of ours is its run's to end.
      return adopted === undefined ? [] : settleAdopted(view, adopted.id, facts);
    case 'failed-operation':
    case 'abandoned-leftovers':
      if (adopted !== undefined) return settleAdopted(view, adopted.id, facts);
      return [...leaveTheAppliance(view, facts), ...undoCreate(facts, named)];
    case 'orphan-export':
    case 'orphan-link':
      return [{ ...ref, act: 'closeExport', says: `close export ${String(fields['exportName'])} on appliance ${on}` }];
    case 'mapping-without-attachment':
      return leaveTheAppliance(view, facts);
    case 'attachment-without-mapping':
      return mapOrDetach(view, facts);
    case 'orphan-volume':
      return [
        { ...ref, act: 'adoptVolume', says: `record volume ${volumeId} again, as one that may hold data` },
        ...leaveTheAppliance(view, facts),
        { ...ref, act: 'deleteNamed', says: `delete volume ${volumeId}, whatever it holds` },
      ];
    case 'recovery-point-left':
      return [{ act: 'prunePoints', says: 'delete the snapshots of recovery points of the VM that count no more' }];
    default:
      return [];
  }
}

/** A replica that a disk of the VM has goes on; anything else leaves the appliance and is kept. */
function mapOrDetach(view: View, facts: RepairFacts): readonly RepairAct[] {
  const { volumeId = '?', applianceId = '?' } = facts;
  const isReplica = view.rows.vm_disks.some((disk) => disk.volumeId === volumeId) && facts.mayHoldData;
  if (!isReplica) return leaveTheAppliance(view, facts);
  const cloudStackDeviceId = view.listed.get(volumeId)?.deviceid ?? 0;
  const says = `find the device of volume ${volumeId} on appliance ${applianceId}, prove it, and map it again`;
  return [{ ...refOf(facts), act: 'mapAgain', says, cloudStackDeviceId }];
}

/** An operation of the older installation: nothing of it is undone. What is attached is mapped, and then the operation is closed. */
function settleAdopted(view: View, operationId: string, facts: RepairFacts): readonly RepairAct[] {
  const { volumeId = '?' } = facts;
  const listed = view.listed.get(volumeId);
  const lost = listed?.virtualmachineid !== undefined && !view.mapped.has(volumeId);
  const says = `look where volume ${volumeId} is, and close operation ${operationId} of the older installation by that`;
  return [
    ...(lost ? mapOrDetach(view, facts) : []),
    { ...refOf(facts), act: 'closeOlderOperation', says, operationId },
  ];
}

/** Export closed, mapping moved to the history, volume detached, device proven gone; what is there of it. */
function leaveTheAppliance(view: View, facts: RepairFacts): readonly RepairAct[] {
  const { volumeId, applianceId } = facts;
  if (volumeId === undefined || applianceId === undefined) return [];
  const ref = refOf(facts);
  const linked = view.sights.some((sight) => sight.applianceId === applianceId && sight.exports.includes(volumeId));
  const exported = linked || view.rows.nbd_exports.some((row) => row.volumeId === volumeId);
  const mapped = view.mapped.get(volumeId)?.vmId === applianceId;
  const attached = view.listed.get(volumeId)?.virtualmachineid === applianceId;
  const acts: readonly (RepairAct | false)[] = [
    exported && { ...ref, act: 'closeExport', says: `close the export of volume ${volumeId}` },
    attached && { ...ref, act: 'detachVolume', says: `detach volume ${volumeId} from appliance ${applianceId}` },
    { ...ref, act: 'confirmDeviceGone', says: `prove that appliance ${applianceId} does not see volume ${volumeId}` },
    mapped && { ...ref, act: 'unmapDevice', says: `move the mapping of volume ${volumeId} to the history` },
  ];
  return acts.filter((act) => act !== false);
}

/**
 * As compensation does it: the volume goes if the run made it and no copy ever began on it; else it is kept, with the reason. One that
 * is recorded as empty, and was named, goes even where the row of its create is lost.
 */
function undoCreate(facts: RepairFacts, named: boolean): readonly RepairAct[] {
  const { volumeId, firstRunId, diskKey } = facts;
  if (named && volumeId !== undefined && !facts.mayHoldData) {
    return [{ ...refOf(facts), act: 'deleteNamed', says: `delete volume ${volumeId}, on which no copy ever began` }];
  }
  if (firstRunId === undefined || diskKey === undefined) return [];
  const what = volumeId === undefined ? `what its create made for disk ${String(diskKey)}` : `volume ${volumeId}`;
  const says = `delete ${what}, if run ${firstRunId} made it and no copy ever began on it; else keep it`;
  return [{ ...refOf(facts), act: 'deleteVolume', says }];
}

function refOf(facts: RepairFacts): Omit<RepairAct, 'act' | 'says'> {
  const { applianceId, diskKey, volumeId, volumeBytes, firstRunId, attempt } = facts;
  return {
    ...(applianceId !== undefined && { applianceId }),
    ...(diskKey !== undefined && { diskKey }),
    ...(volumeId !== undefined && { volumeId }),
    ...(volumeBytes !== undefined && { volumeBytes }),
    ...(firstRunId !== undefined && { firstRunId }),
    ...(attempt !== undefined && { attempt }),
  };
}
