import type { Volume } from '../cloudstack/api';
import { isCloudStackError, isRefusal } from '../cloudstack/errors';
import { volumeTagKeys } from '../domain/names';
import type { ActivityRun } from './activity-run';
import type { VolumeRecipe } from './make-volume';
import { tagOf } from '../site/volume-tags';
import type { VolumeWork } from './volume-work';

/**
 * Removes what a create that was sent twice under one job id left beside the volume, or one that failed left behind: volumes of its
 * exact name. A name holds 8 digits of the operation's id, so nobody else's volume has it; one that was ever used is still left
 * alone.
 *
 * @param kept - the volume that stays; undefined when none does
 * @throws what the recipe's `failed` makes when one is left
 */
export async function removeDoubles(
  work: VolumeWork,
  run: ActivityRun,
  recipe: Pick<VolumeRecipe, 'step' | 'disk' | 'removableStates' | 'failed'>,
  name: string,
  kept: Volume | undefined,
  doubles: readonly Volume[],
): Promise<void> {
  for (const double of doubles) {
    const used = whyUsed(double, recipe.removableStates);
    if (used !== undefined) throw recipe.failed(name, `a second volume of this name, ${double.id}, ${used}`);
    try {
      await work.effect(`${recipe.step}.removeDouble`, () =>
        work.api.deleteVolume({ id: double.id }, { signal: run.signal }),
      );
    } catch (error) {
      if (isCloudStackError(error, 'not-found', 'gone')) continue;
      if (!isRefusal(error)) throw error;
      throw recipe.failed(name, `a second volume of this name, ${double.id}, could not be removed: ${error.text}`);
    }
    work.log.warn(
      { diskKey: recipe.disk.diskKey, volumeId: double.id, keptVolumeId: kept?.id, volumeName: name },
      'Removed a second volume that a repeated create had left',
    );
  }
}

function whyUsed(volume: Volume, removableStates: readonly string[]): string | undefined {
  if (volume.virtualmachineid !== undefined) return `is attached to VM ${volume.virtualmachineid}`;
  if (tagOf(volume, volumeTagKeys.data) !== undefined) return 'may hold data';
  if (!removableStates.includes(volume.state)) return `is in state ${volume.state}`;
  return undefined;
}
