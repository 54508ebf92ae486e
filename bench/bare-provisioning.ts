import { setTimeout as sleep } from 'node:timers/promises';
import type { CloudStackApi } from '../cloudstack/api';

/** Where the bare script makes its volumes. */
export interface BareSite {
  readonly zoneId: string;
  readonly diskOfferingId: string;
  readonly applianceId: string;
}

const POLL_MS = 100;

/**
 * What a bare script at its best does to provision: all creates at once, all attaches queued at once, jobs looked at every 0.1 s.
 * No ownership, no proof of the device, no mapping, no export, no undo.
 *
 * @returns the volume ids
 */
export async function provisionBare(api: CloudStackApi, site: BareSite, disks: number, run: string): Promise<string[]> {
  const volumes = await Promise.all(
    Array.from({ length: disks }, async (_, index) => {
      const created = await api.createVolume({
        name: `bare-${run}-${String(index)}`,
        zoneId: site.zoneId,
        diskOfferingId: site.diskOfferingId,
        sizeGib: 1,
      });
      await jobEnd(api, created.jobId);
      return created.id;
    }),
  );
  await Promise.all(
    volumes.map(async (id) => {
      const { jobId } = await api.attachVolume({ id, virtualMachineId: site.applianceId });
      await jobEnd(api, jobId);
    }),
  );
  return volumes;
}

/** Takes the bare script's volumes away again; not measured. */
export async function removeBare(api: CloudStackApi, volumes: readonly string[]): Promise<void> {
  for (const id of volumes) {
    const { jobId } = await api.detachVolume({ id });
    await jobEnd(api, jobId);
    await api.deleteVolume({ id });
  }
}

async function jobEnd(api: CloudStackApi, jobId: string): Promise<void> {
  for (;;) {
    const job = await api.queryJob(jobId);
    if (job?.jobstatus === 1) return;
    if (job?.jobstatus !== 0)
      throw new Error(`job ${jobId} did not succeed: ${job?.jobresult?.errortext ?? 'forgotten'}`);
    await sleep(POLL_MS);
  }
}
