import { readdir } from 'node:fs/promises';
import { exportLayout } from '../appliance/export-layout';
import { greet } from '../appliance/export-links';
import { writeAndRemove } from '../appliance/rights';
import type { Check } from './check';
import type { ApplianceConfiguration } from './config';

/** What a worker needs of the appliance that it runs on. */
export function applianceChecks(
  appliance: Pick<ApplianceConfiguration, 'id' | 'exportsDirectory' | 'byIdDirectory' | 'sysfsBlockDirectory'>,
): Check[] {
  const layout = exportLayout(appliance.exportsDirectory);
  return [
    {
      name: `folders ${appliance.id}`,
      kind: 'folders',
      next: 'See docs/service.md, "Folders and rights", then start the worker again.',
      measure: async () => {
        await readdir(appliance.sysfsBlockDirectory);
        for (const folder of [layout.links, layout.staging]) await writeAndRemove(folder);
        return `${appliance.exportsDirectory} can be written, ${appliance.sysfsBlockDirectory} be read`;
      },
    },
    {
      name: `exports ${appliance.id}`,
      kind: 'exports',
      next: `Start the export server: systemctl start diskferry-nbdkit (its socket is ${layout.socket})`,
      measure: async () => {
        await greet(layout.socket);
        return `nbdkit answers at ${layout.socket}`;
      },
    },
  ];
}
