import type { Volume } from '../cloudstack/api';
import type { Survey } from '../database/survey';
import type { SurveyedTable, SurveyRow } from '../database/survey-rows';
import { parseDevicePath } from '../domain/device-path';
import { sourceVmPath, vmPathOfWorkflowId, volumeSerial, volumeTagKeys } from '../domain/names';
import type { SiteHoldings } from '../site/read-holdings';
import { tagOf } from '../site/volume-tags';
import { runActivity, type RunActivity } from './run-activity';
import { knownOf, type SeenAppliance, type TemporalSight, type Truths } from './truths';

/** A site's truths with what judges look up in them again and again; a part that is not known is undefined. */
export interface View {
  readonly truths: Truths;
  readonly site: string;
  readonly survey: Survey | undefined;
  /** rows that belong to this site; none where the database is not known */
  readonly rows: Survey['rows'];
  readonly holdings: SiteHoldings | undefined;
  readonly temporal: TemporalSight | undefined;
  readonly sights: readonly SeenAppliance[];
  /** the moment of the survey by the database's clock, the one clock of all times in the tables (milliseconds) */
  readonly now: number;
  /** CloudStack's volumes by id */
  readonly listed: ReadonlyMap<string, Volume>;
  readonly records: ReadonlyMap<string, SurveyRow<'volumes'>>;
  readonly testRecords: ReadonlyMap<string, SurveyRow<'test_volumes'>>;
  readonly mapped: ReadonlyMap<string, SurveyRow<'device_mappings'>>;
  /** every volume that anybody knows, by the serial that a guest shows */
  readonly volumeOfSerial: ReadonlyMap<string, string>;
  readonly runs: RunActivity;
  /** the source VM that a volume is of, by our rows, then by its tag */
  vmOf(volumeId: string): string | undefined;
  /** whether a volume is ours, by a row or by its tags */
  isOurs(volumeId: string): boolean;
  /** whether a run may be at work on the volume at this moment */
  isMoving(volumeId: string): boolean;
  /** whether all of these tables were read, so that a row that is not there is really not there */
  hasRead(...tables: readonly SurveyedTable[]): boolean;
}

const noRows: Survey['rows'] = {
  device_mappings: [],
  volumes: [],
  test_volumes: [],
  vm_disks: [],
  volume_operations: [],
  vm_operations: [],
  adopted_operations: [],
  nbd_exports: [],
  copy_progress: [],
  appliance_slots: [],
  replication_jobs: [],
  failovers: [],
  live_failovers: [],
  vm_claims: [],
  vm_test_claims: [],
  recovery_points: [],
  recovery_point_snapshots: [],
};

export function viewOf(truths: Truths): View {
  const survey = knownOf(truths.database);
  const holdings = knownOf(truths.cloudStack);
  const temporal = knownOf(truths.temporal);
  const rows = survey === undefined ? noRows : rowsOfSite(survey.rows, truths);
  const listed = new Map((holdings?.volumes ?? []).map((volume) => [volume.id, volume]));
  const records = new Map(rows.volumes.map((row) => [row.volumeId, row]));
  const testRecords = new Map(rows.test_volumes.map((row) => [row.volumeId, row]));
  const vmOf = (volumeId: string): string | undefined => {
    const row = records.get(volumeId) ?? testRecords.get(volumeId);
    if (row !== undefined) return sourceVmPath(row);
    const volume = listed.get(volumeId);
    return volume === undefined ? undefined : tagOf(volume, volumeTagKeys.vm);
  };
  const now = Date.parse(survey?.clock.database ?? truths.at);
  const runs = runActivity(rows, temporal, now);
  const unread = new Set<string>(
    [...(survey?.unreadableTables ?? []), ...(survey?.unreadableRows ?? [])].map(({ table }) => table),
  );
  return {
    truths,
    site: truths.site.name,
    survey,
    rows,
    holdings,
    temporal,
    sights: [...truths.appliances.values()].map(knownOf).filter((sight) => sight !== undefined),
    now,
    listed,
    records,
    testRecords,
    mapped: new Map(rows.device_mappings.map((row) => [row.volumeUuid, row])),
    volumeOfSerial: new Map(
      [...listed.keys(), ...records.keys(), ...rows.device_mappings.map((row) => row.volumeUuid)].map((id) => [
        volumeSerial(id),
        id,
      ]),
    ),
    runs,
    vmOf,
    isOurs: (volumeId) => vmOf(volumeId)?.startsWith(`${truths.site.name}/`) === true,
    isMoving: (volumeId) => {
      const vm = vmOf(volumeId);
      return vm !== undefined && runs.isMoving(vm);
    },
    hasRead: (...tables) => survey !== undefined && tables.every((table) => !unread.has(table)),
  };
}

/**
 * Mappings and exports name no site: they are this one's unless a row of their volume, or the owner, points to another, also to one
 * that this configuration does not have.
 */
function rowsOfSite(all: Survey['rows'], { site }: Truths): Survey['rows'] {
  const ofSite = <Row extends { readonly site: string }>(list: readonly Row[]): Row[] =>
    list.filter((row) => row.site === site.name);
  const volumes = ofSite(all.volumes);
  const ofOthers = [...all.volumes, ...all.test_volumes].filter((row) => row.site !== site.name);
  const otherVolumes = new Set(ofOthers.map((row) => row.volumeId));
  const isOthers = (vmId: string, volumeId: string, owner: string): boolean =>
    site.otherApplianceIds.includes(vmId) ||
    otherVolumes.has(volumeId) ||
    vmPathOfWorkflowId(owner)?.startsWith(`${site.name}/`) === false;
  const points = ofSite(all.recovery_points);
  const pointIds = new Set(points.map((point) => point.id));
  return {
    device_mappings: all.device_mappings.filter((row) => !isOthers(row.vmId, row.volumeUuid, row.ownerWorkflowId)),
    volumes,
    test_volumes: ofSite(all.test_volumes),
    vm_disks: ofSite(all.vm_disks),
    volume_operations: ofSite(all.volume_operations),
    vm_operations: ofSite(all.vm_operations),
    adopted_operations: ofSite(all.adopted_operations),
    nbd_exports: all.nbd_exports.filter((row) => !isOthers(row.applianceId, row.volumeId, row.ownerWorkflowId)),
    copy_progress: all.copy_progress,
    appliance_slots: ofSite(all.appliance_slots),
    replication_jobs: ofSite(all.replication_jobs),
    failovers: ofSite(all.failovers),
    live_failovers: ofSite(all.live_failovers),
    vm_claims: ofSite(all.vm_claims),
    vm_test_claims: ofSite(all.vm_test_claims),
    recovery_points: points,
    recovery_point_snapshots: all.recovery_point_snapshots.filter((row) => pointIds.has(row.pointId)),
  } satisfies Record<SurveyedTable, unknown>;
}

/** Where CloudStack says that a volume is, to follow "it is": `attached to … (…)`, `detached`, `not listed any more`. */
export function placeOf(volume: Volume | undefined): string {
  if (volume === undefined || volume.state === 'Expunged') return 'not listed any more';
  if (volume.virtualmachineid === undefined) return `detached (state ${volume.state})`;
  return `attached to ${volume.virtualmachineid} (${volume.vmname ?? '?'})`;
}

/** The owner that a mapping row names, or the VM of its volume. */
export function ownerOfMapping(view: View, mapping: SurveyRow<'device_mappings'>): string | undefined {
  if (mapping.ownerWorkflowId !== '') return mapping.ownerWorkflowId;
  const path = parseDevicePath(mapping.devicePath);
  return view.vmOf(path.form === 'current' ? path.volumeId : mapping.volumeUuid);
}
