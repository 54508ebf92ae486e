import type { Scene } from './scene';

/**
 * Runs the same for several VMs at the same time. The first that fails stops the others from being followed, and is what is thrown.
 */
export async function sideBySide<T, R>(
  scene: Scene,
  all: readonly T[],
  work: (scene: Scene, one: T) => Promise<R>,
): Promise<R[]> {
  const failed = new AbortController();
  const own: Scene = { ...scene, signal: AbortSignal.any([scene.signal, failed.signal]) };
  const first: { error?: unknown } = {};
  const settled = await Promise.allSettled(
    all.map(async (one) => {
      try {
        return await work(own, one);
      } catch (error) {
        if (!failed.signal.aborted) first.error = error;
        failed.abort(error);
        throw error;
      }
    }),
  );
  return settled.map((one) => {
    if (one.status === 'fulfilled') return one.value;
    throw first.error;
  });
}
