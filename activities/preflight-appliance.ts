import { randomUUID } from 'node:crypto';
import { type ApplianceIdentity, type ApplianceTools, type Copier, SourceError } from '../appliance/ports';
import { failure } from '../domain/failures';
import type { DiskRequest } from '../domain/request';
import { bytesToGibUp, gibToBytes } from '../domain/sizes';
import { type PreflightApplianceOutput, preflightApplianceInputSchema } from '../domain/step-io';
import { activity } from './activity';
import type { ActivityRun } from './activity-run';
import type { ApplianceWork } from './appliance-work';
import { describeSource } from './copy-disk';
import type { ApplianceActivities } from './queues';

/** What preflightAppliance needs. */
export interface PreflightApplianceWork extends Pick<ApplianceWork, 'resolver' | 'links' | 'run'> {
  readonly identity: ApplianceIdentity;
  readonly tools: ApplianceTools;
  readonly copier: Copier;
}

/**
 * preflightAppliance: this machine is the appliance, its tools run, its export server answers, and each source opens and fits into
 * the volume that its disk will get. Asked before anything is made; changes nothing.
 */
export function makePreflightAppliance(work: PreflightApplianceWork): ApplianceActivities['preflightAppliance'] {
  return activity(
    'preflightAppliance',
    work.run,
    preflightApplianceInputSchema,
    (input) => input.vm,
    async ({ vm, request, applianceMacAddresses }, run) => {
      const { applianceId } = vm;
      const identity = await work.identity.prove({ applianceId, macAddresses: applianceMacAddresses });
      if (!identity.ok) throw failure('appliance-identity', { applianceId, evidence: identity.evidence });

      const tools = await work.tools.check();
      if (!tools.ok) throw failure('tool-missing', { applianceId, tool: tools.tool, cause: tools.evidence });

      const [sources] = await Promise.all([
        Promise.all(request.disks.map((disk) => checkSource(work, run, applianceId, disk))),
        // No such export is there: all that matters is that somebody answers, else this throws ExportServerError.
        work.links.look(randomUUID()),
      ]);
      return {
        identity: identity.how,
        bootId: await work.resolver.bootId(),
        sources,
      } satisfies PreflightApplianceOutput;
    },
  );
}

async function checkSource(
  work: PreflightApplianceWork,
  run: ActivityRun,
  applianceId: string,
  disk: DiskRequest,
): Promise<{ diskKey: number; sizeBytes: number }> {
  const source = describeSource(disk.source);
  try {
    const { sizeBytes } = await work.copier.inspect(disk.source, run.signal);
    const volumeBytes = gibToBytes(bytesToGibUp(disk.sizeBytes));
    if (sizeBytes > volumeBytes) {
      throw failure('source-too-large', { diskKey: disk.key, source, sourceBytes: sizeBytes, volumeBytes });
    }
    return { diskKey: disk.key, sizeBytes };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    throw failure(
      'source-unreadable',
      { diskKey: disk.key, source, cause: error.evidence, applianceId },
      { cause: error },
    );
  }
}
