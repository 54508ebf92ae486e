import type {
  AttachVolumeOutput,
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
import type { UndoOutcome } from '../domain/undo-policy';

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
  beginCopy(input: VolumeRef): Promise<void>;
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

/** Every activity, as workflows see them; imported there as a type only. */
export type AllActivities = MainActivities & SiteActivities & ApplianceActivities & CopyActivities;
