import type { z } from 'zod';
import type { replicationRequestSchema } from '../domain/request';
import { type DemoDisk, demoVm } from '../stack/demo-source';
import { demoApplianceId } from '../stack/local-stack';
import { localSite } from '../stack/state-folder';

/** The demo's request: examples/pgtest1.request.json with the sources where they are served here. */
export function demoRequest(
  disks: readonly DemoDisk[],
  uris: Readonly<Record<string, string>>,
  options: { readonly overwrite: boolean },
): z.input<typeof replicationRequestSchema> {
  return {
    schemaVersion: 1,
    site: localSite,
    source: { id: demoVm.sourceId, vm: demoVm.id, name: demoVm.name },
    appliance: demoApplianceId,
    disks: disks.map(({ key, boot, name, sizeBytes }) => ({
      key,
      ...(boot && { boot }),
      sizeBytes,
      source: { kind: 'nbd', uri: uris[name] ?? '' },
    })),
    verify: 'windows',
    ...(options.overwrite && { overwrite: true }),
  };
}
