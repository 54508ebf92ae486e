import type { SurveyRow } from '../database/survey-rows';
import type { Finding } from '../domain/findings';
import { sourceVmPath, vmPathOfWorkflowId, volumeTagKeys } from '../domain/names';
import { tagOf } from '../site/volume-tags';
import type { View } from './view';

/** What a repair must know of the thing that a finding is about. */
export interface RepairFacts {
  readonly vm: string | undefined;
  readonly vmName: string | undefined;
  readonly applianceId: string | undefined;
  readonly volumeId: string | undefined;
  readonly volumeBytes: number | undefined;
  readonly diskKey: number | undefined;
  readonly operation: SurveyRow<'volume_operations'> | undefined;
  /** an operation of the older installation instead */
  readonly adopted: SurveyRow<'adopted_operations'> | undefined;
  /** first run id of the run that a record is of */
  readonly runId: string | undefined;
  /** the run that made the volume, or that the operation is of; and its attempt, where it is known */
  readonly firstRunId: string | undefined;
  readonly attempt: number | undefined;
  /** unknown holds data */
  readonly mayHoldData: boolean;
  /** made from a snapshot, for a test */
  readonly ofTest: boolean;
}

export function repairFacts(view: View, { id, kind, fields, owner }: Finding): RepairFacts {
  const operation = view.rows.volume_operations.find((row) => row.id === fields['operationId']);
  const adopted = view.rows.adopted_operations.find((row) => row.id === fields['operationId']);
  const volumeId = textOf(fields['volumeId']) ?? operation?.volumeId ?? adopted?.volumeId ?? volumeOfSubject(id, kind);
  const record = volumeId === undefined ? undefined : view.records.get(volumeId);
  const volume = volumeId === undefined ? undefined : view.listed.get(volumeId);
  const vm =
    (operation && sourceVmPath(operation)) ??
    (adopted && sourceVmPath(adopted)) ??
    (volumeId && view.vmOf(volumeId)) ??
    (owner === null ? undefined : vmPathOfWorkflowId(owner)) ??
    textOf(fields['vm']);
  const runs = view.runs.recorded.filter((run) => run.vm === vm).map((run) => run.row);
  const tag = volume && tagOf(volume, volumeTagKeys.disk);
  return {
    vm,
    vmName: runs.at(-1)?.vmName,
    applianceId:
      applianceOf(view, fields, volumeId, operation) ?? runs.at(-1)?.applianceId ?? view.truths.site.applianceIds[0],
    volumeId,
    volumeBytes: volume?.size ?? record?.sizeBytes,
    diskKey:
      operation?.diskKey ??
      adopted?.diskKey ??
      record?.diskKey ??
      (tag === undefined || !/^\d+$/.test(tag) ? undefined : Number(tag)),
    operation,
    adopted,
    runId: kind === 'job-without-workflow' ? id.slice(kind.length + 1) : undefined,
    firstRunId: operation?.firstRunId ?? record?.createdByFirstRunId,
    attempt: operation?.attempt,
    mayHoldData:
      record?.copyBegun !== false || (volume !== undefined && tagOf(volume, volumeTagKeys.data) !== undefined),
    ofTest: volumeId !== undefined && view.testRecords.has(volumeId),
  };
}

/** `{appliance}/{volume}` is the subject of what is about an export or a device. */
function volumeOfSubject(id: string, kind: string): string | undefined {
  return /^[0-9a-f-]{36}\/([0-9a-f-]{36})$/.exec(id.slice(kind.length + 1))?.[1];
}

function applianceOf(
  view: View,
  fields: Finding['fields'],
  volumeId: string | undefined,
  operation: RepairFacts['operation'],
): string | undefined {
  const places = [
    textOf(fields['applianceId']),
    volumeId === undefined ? undefined : view.mapped.get(volumeId)?.vmId,
    volumeId === undefined ? undefined : view.listed.get(volumeId)?.virtualmachineid,
    operation?.vmId,
  ];
  return places.find((place) => place !== undefined && view.truths.site.applianceIds.includes(place));
}

function textOf(field: string | number | undefined): string | undefined {
  return typeof field === 'string' ? field : undefined;
}
