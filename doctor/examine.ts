import { type Finding, inOrder } from '../domain/findings';
import { judgeAdoptedOperations } from './judges/judge-adopted-operations';
import { judgeAdoption } from './judges/judge-adoption';
import { judgeAttachments } from './judges/judge-attachments';
import { judgeClocks } from './judges/judge-clocks';
import { judgeDevicePaths } from './judges/judge-device-paths';
import { judgeDevices } from './judges/judge-devices';
import { judgeExports } from './judges/judge-exports';
import { judgeLeftovers } from './judges/judge-leftovers';
import { judgeMappings } from './judges/judge-mappings';
import { judgeOperations } from './judges/judge-operations';
import { judgeOrphanVolumes } from './judges/judge-orphan-volumes';
import { judgeReach } from './judges/judge-reach';
import { judgeRecovery } from './judges/judge-recovery';
import { judgeRuns } from './judges/judge-runs';
import { judgeSchema } from './judges/judge-schema';
import { judgeSiteSetUp } from './judges/judge-site-set-up';
import { judgeSizes } from './judges/judge-sizes';
import { judgeStragglerJobs } from './judges/judge-straggler-jobs';
import { judgeTemporalSetUp } from './judges/judge-temporal-set-up';
import type { Truths } from './truths';
import { type View, viewOf } from './view';

const judges: readonly ((view: View) => Finding[])[] = [
  judgeReach,
  judgeSchema,
  judgeAdoption,
  judgeTemporalSetUp,
  judgeSiteSetUp,
  judgeClocks,
  judgeDevicePaths,
  judgeMappings,
  judgeAttachments,
  judgeOrphanVolumes,
  judgeSizes,
  judgeStragglerJobs,
  judgeDevices,
  judgeExports,
  judgeOperations,
  judgeAdoptedOperations,
  judgeRuns,
  judgeLeftovers,
  judgeRecovery,
];

/** Everything that is wrong with a site by what was read of it, gravest first. Asks nobody. */
export function examine(truths: Truths): readonly Finding[] {
  const view = viewOf(truths);
  return inOrder(judges.flatMap((judge) => judge(view)));
}
