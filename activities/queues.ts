import type {
  AttachVolumeOutput,
  BeginCopyInput,
  ClaimVmInput,
  ClaimVmOutput,
  CopyDiskInput,
  CopyDiskOutput,
  CreateVolumeInput,
  CreateVolumeOutput,
  DeleteVolumeInput,
  DeviceProof,
  EndClaimInput,
  ExportInput,
  ListReplicasOutput,
  MapDeviceInput,
  MapDeviceOutput,
  OpenExportOutput,
  PreflightApplianceInput,
  PreflightApplianceOutput,
  PreflightInput,
  PreflightSiteOutput,
  RecordPhaseInput,
  UndoVolumeInput,
  VerifyDiskInput,
  VerifyDiskOutput,
  VmRef,
  VolumeRef,
} from '../domain/step-io';
import type {
  AttachToVmInput,
  CheckHealthInput,
  ClaimFailoverInput,
  CommitFailbackInput,
  CommitFailoverInput,
  CommitRevertInput,
  CompletePointInput,
  CompletePointOutput,
  DeployVmInput,
  DeployVmOutput,
  EnterLeaseInput,
  FailoverVmRef,
  OpenPointInput,
  OpenPointOutput,
  PlanFailoverInput,
  PlanFailoverOutput,
  PreflightFailoverInput,
  PreflightFailoverOutput,
  PrepareGuestInput,
  PrunePointsInput,
  PrunePointsOutput,
  QuiesceSourceInput,
  RecordFailoverInput,
  RemoveVmInput,
  RestoreVolumeInput,
  RestoreVolumeOutput,
  RunHookInput,
  SnapshotVolumeInput,
  SnapshotVolumeOutput,
} from '../domain/failover-io';
import type { ApplianceSight, DoctorSummary, ExamineSiteInput, InspectApplianceInput } from '../domain/doctor-io';
import type {
  AdoptVolumeInput,
  CloseOlderOperationInput,
  EndRecordInput,
  PlanRepairInput,
  PlanRepairOutput,
  SettleOperationInput,
} from '../domain/repair-io';
import type { SiteHoldings } from '../site/read-holdings';
import type { ReconcileJobsOutput, ReconcileSiteInput } from '../domain/reconcile-io';
import type { FailoverUndoOutcome, UndoOutcome } from '../domain/undo-policy';

/** Task queue `diskferry`: what needs the database only. */
export interface MainActivities {
  claimVm(input: ClaimVmInput): Promise<ClaimVmOutput>;
  endClaim(input: EndClaimInput): Promise<void>;
  recordPhase(input: RecordPhaseInput): Promise<void>;
  listReplicas(input: VmRef): Promise<ListReplicasOutput>;
  mapDevice(input: MapDeviceInput): Promise<MapDeviceOutput>;
  unmapDevice(input: UndoVolumeInput): Promise<UndoOutcome>;
}

/** Task queue `diskferry-site-{site}`: CloudStack calls of one site. */
export interface SiteActivities {
  preflightSite(input: PreflightInput): Promise<PreflightSiteOutput>;
  createVolume(input: CreateVolumeInput): Promise<CreateVolumeOutput>;
  deleteVolume(input: DeleteVolumeInput): Promise<UndoOutcome>;
  attachVolume(input: VolumeRef): Promise<AttachVolumeOutput>;
  detachVolume(input: UndoVolumeInput): Promise<UndoOutcome>;
  beginCopy(input: BeginCopyInput): Promise<void>;
}

/** Task queue `diskferry-appliance-{vm_id}`: short work where the devices are. */
export interface ApplianceActivities {
  preflightAppliance(input: PreflightApplianceInput): Promise<PreflightApplianceOutput>;
  resolveDevice(input: VolumeRef): Promise<DeviceProof>;
  confirmDeviceGone(input: UndoVolumeInput): Promise<UndoOutcome>;
  openExport(input: ExportInput): Promise<OpenExportOutput>;
  closeExport(input: UndoVolumeInput): Promise<UndoOutcome>;
}

/** Task queue `diskferry-appliance-{vm_id}-copy`: long copies. */
export interface CopyActivities {
  copyDisk(input: CopyDiskInput): Promise<CopyDiskOutput>;
  verifyDisk(input: VerifyDiskInput): Promise<VerifyDiskOutput>;
}

/** Task queue `diskferry`: what a failover needs of the database. */
export interface FailoverMainActivities {
  claimFailover(input: ClaimFailoverInput): Promise<ClaimVmOutput>;
  enterLease(input: EnterLeaseInput): Promise<void>;
  recordFailover(input: RecordFailoverInput): Promise<void>;
  planFailover(input: PlanFailoverInput): Promise<PlanFailoverOutput>;
  mapToVm(input: AttachToVmInput): Promise<MapDeviceOutput>;
  unmapFromVm(input: AttachToVmInput): Promise<FailoverUndoOutcome>;
  commitFailover(input: CommitFailoverInput): Promise<void>;
  commitFailback(input: CommitFailbackInput): Promise<void>;
  commitRevert(input: CommitRevertInput): Promise<void>;
}

/** Task queue `diskferry-site-{site}`: recovery points, the failover VM, and hooks, which are the site's. */
export interface FailoverSiteActivities {
  preflightFailover(input: PreflightFailoverInput): Promise<PreflightFailoverOutput>;
  openPoint(input: OpenPointInput): Promise<OpenPointOutput>;
  snapshotVolume(input: SnapshotVolumeInput): Promise<SnapshotVolumeOutput>;
  deleteSnapshot(input: SnapshotVolumeInput): Promise<FailoverUndoOutcome>;
  completePoint(input: CompletePointInput): Promise<CompletePointOutput>;
  prunePoints(input: PrunePointsInput): Promise<PrunePointsOutput>;
  restoreVolume(input: RestoreVolumeInput): Promise<RestoreVolumeOutput>;
  deleteRestoredVolume(input: RestoreVolumeInput): Promise<FailoverUndoOutcome>;
  deployVm(input: DeployVmInput): Promise<DeployVmOutput>;
  removeVm(input: RemoveVmInput): Promise<FailoverUndoOutcome>;
  clearRoot(input: FailoverVmRef): Promise<void>;
  attachToVm(input: AttachToVmInput): Promise<void>;
  detachFromVm(input: AttachToVmInput): Promise<FailoverUndoOutcome>;
  startVm(input: FailoverVmRef): Promise<void>;
  stopVm(input: FailoverVmRef): Promise<FailoverUndoOutcome>;
  checkHealth(input: CheckHealthInput): Promise<void>;
  quiesceSource(input: QuiesceSourceInput): Promise<void>;
  resumeSource(input: QuiesceSourceInput): Promise<FailoverUndoOutcome>;
  runHook(input: RunHookInput): Promise<void>;
}

/** Task queue `diskferry-appliance-{vm_id}-copy`: what prepares a guest. */
export interface FailoverCopyActivities {
  prepareGuest(input: PrepareGuestInput): Promise<void>;
}

/** Task queue `diskferry`: what only repair does to the database. */
export interface DoctorMainActivities {
  endRecord(input: EndRecordInput): Promise<RepairDone>;
}

/** Task queue `diskferry-site-{site}`: what repair asks and does at a site, beside the steps and undos of the workflows. */
export interface DoctorSiteActivities {
  examineSite(input: ExamineSiteInput): Promise<SiteHoldings>;
  planRepair(input: PlanRepairInput): Promise<PlanRepairOutput>;
  settleOperation(input: SettleOperationInput): Promise<RepairDone>;
  closeOlderOperation(input: CloseOlderOperationInput): Promise<RepairDone>;
  adoptVolume(input: AdoptVolumeInput): Promise<RepairDone>;
}

/** What was done, in words. */
export interface RepairDone {
  readonly done: string;
}

/** Task queue `diskferry-appliance-{vm_id}`: what doctor asks of an appliance. */
export interface DoctorApplianceActivities {
  inspectAppliance(input: InspectApplianceInput): Promise<ApplianceSight>;
}

/** Every activity, as workflows see them; imported there as a type only. */
export type AllActivities = MainActivities & SiteActivities & ApplianceActivities & CopyActivities;
/** Every activity that only failovers and recovery points need. */
export type FailoverActivities = FailoverMainActivities & FailoverSiteActivities & FailoverCopyActivities;
/** Every activity that only doctor and repair need. */
export type DoctorActivities = DoctorMainActivities & DoctorSiteActivities & DoctorApplianceActivities;

/** Task queue `diskferry`: what keeps the job table in line with Temporal, and looks for what is wrong. */
export interface ReconcileActivities {
  reconcileJobs(input: ReconcileSiteInput): Promise<ReconcileJobsOutput>;
  runDoctor(input: ReconcileSiteInput): Promise<DoctorSummary>;
}
