import type { RecoveryPoints } from '../database/recovery-points';
import type { Volumes } from '../database/volumes';
import type { ApplianceWork } from './appliance-work';
import { makeAttachVolume } from './attach-volume';
import { type CopyMarking, makeBeginCopy } from './begin-copy';
import { type ClaimWork, makeClaimVm } from './claim-vm';
import { makeCloseExport } from './close-export';
import { makeConfirmDeviceGone } from './confirm-device-gone';
import { makeCopyDisk } from './copy-disk';
import type { CopyWork } from './copy-work';
import { makeCreateVolume } from './create-volume';
import { makeDeleteVolume } from './delete-volume';
import { makeDetachVolume } from './detach-volume';
import { type EndClaimWork, makeEndClaim } from './end-claim';
import { makeListReplicas } from './list-replicas';
import { makeMapDevice, type MappingWork } from './map-device';
import { makeOpenExport } from './open-export';
import { makePreflightAppliance, type PreflightApplianceWork } from './preflight-appliance';
import { makePreflightSite, type PreflightWork } from './preflight-site';
import type { ApplianceActivities, CopyActivities, MainActivities, SiteActivities } from './queues';
import { makeRecordPhase, type RecordWork } from './record-phase';
import { makeResolveDevice } from './resolve-device';
import { makeUnmapDevice } from './unmap-device';
import { makeVerifyDisk } from './verify-disk';
import type { VolumeMaking } from './volume-making';

/** Makes the activities of the queue `diskferry`. */
export function makeMainActivities(
  deps: ClaimWork &
    EndClaimWork &
    RecordWork &
    MappingWork & { readonly volumes: Volumes; readonly points: Pick<RecoveryPoints, 'ofVm'> },
): MainActivities {
  return {
    claimVm: makeClaimVm(deps),
    endClaim: makeEndClaim(deps),
    recordPhase: makeRecordPhase(deps),
    listReplicas: makeListReplicas(deps),
    mapDevice: makeMapDevice(deps),
    unmapDevice: makeUnmapDevice(deps),
  };
}

/** Makes the activities of one site's queue. */
export function makeSiteActivities(deps: PreflightWork & VolumeMaking & CopyMarking): SiteActivities {
  return {
    preflightSite: makePreflightSite(deps),
    createVolume: makeCreateVolume(deps),
    deleteVolume: makeDeleteVolume(deps),
    attachVolume: makeAttachVolume(deps),
    detachVolume: makeDetachVolume(deps),
    beginCopy: makeBeginCopy(deps),
  };
}

/** Makes the short activities of one appliance's queue. */
export function makeApplianceActivities(deps: ApplianceWork & PreflightApplianceWork): ApplianceActivities {
  return {
    preflightAppliance: makePreflightAppliance(deps),
    resolveDevice: makeResolveDevice(deps),
    confirmDeviceGone: makeConfirmDeviceGone(deps),
    openExport: makeOpenExport(deps),
    closeExport: makeCloseExport(deps),
  };
}

/** Makes the activities of one appliance's copy queue. */
export function makeCopyActivities(deps: CopyWork): CopyActivities {
  return { copyDisk: makeCopyDisk(deps), verifyDisk: makeVerifyDisk(deps) };
}
