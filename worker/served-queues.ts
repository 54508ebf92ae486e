import { failure } from '../domain/failures';
import { taskQueues } from '../domain/names';
import type { ApplianceConfiguration, SiteConfiguration, WorkerConfiguration } from './config';

/** A task queue that this process serves, with what its activities need to know. */
export type ServedQueue =
  | { readonly kind: 'main'; readonly name: string }
  | { readonly kind: 'site'; readonly name: string; readonly site: SiteConfiguration }
  | {
      readonly kind: 'appliance' | 'appliance-copy';
      readonly name: string;
      readonly site: SiteConfiguration;
      readonly appliance: ApplianceConfiguration;
    };

/**
 * The task queues of a configuration: the main one, one per site, two per appliance.
 *
 * @param only - names to narrow them to
 * @throws DiskferryFailure `usage` when one of the names is not among them; retrying does not help
 */
export function servedQueues(configuration: WorkerConfiguration, only?: readonly string[]): ServedQueue[] {
  const all: ServedQueue[] = [{ kind: 'main', name: taskQueues.main }];
  for (const site of configuration.sites.values()) {
    all.push({ kind: 'site', name: taskQueues.site(site.name), site });
    for (const appliance of site.appliances.values()) {
      all.push({ kind: 'appliance', name: taskQueues.appliance(appliance.id), site, appliance });
      all.push({ kind: 'appliance-copy', name: taskQueues.applianceCopy(appliance.id), site, appliance });
    }
  }
  if (only === undefined) return all;
  const unknown = only.filter((name) => !all.some((queue) => queue.name === name));
  if (unknown.length > 0) {
    throw failure('usage', {
      problem: `No task queue ${unknown.join(', ')} follows from ${configuration.file}; there are ${all.map(({ name }) => name).join(', ')}`,
      command: 'diskferry worker',
    });
  }
  return all.filter(({ name }) => only.includes(name));
}
