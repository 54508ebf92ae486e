import type { Copier, Verifier } from '../appliance/ports';

/** Copying and reading back as they are, with their bytes told to whoever counts, window by window. */
export function countedCopying(
  { copier, verifier }: { readonly copier: Copier; readonly verifier: Verifier },
  count: (work: 'copied' | 'verified', bytes: number) => void,
): { readonly copier: Copier; readonly verifier: Verifier } {
  return {
    copier: {
      inspect: (source, signal) => copier.inspect(source, signal),
      copy: (job) =>
        copier.copy({
          ...job,
          onWindow: async (windows) => {
            await job.onWindow(windows);
            count(
              'copied',
              windows.reduce((sum, { bytes }) => sum + bytes, 0),
            );
          },
        }),
    },
    verifier: {
      verify: (job) => {
        let before = 0;
        return verifier.verify({
          ...job,
          onProgress: async (verifiedBytes) => {
            await job.onProgress(verifiedBytes);
            count('verified', Math.max(0, verifiedBytes - before));
            before = verifiedBytes;
          },
        });
      },
    },
  };
}
