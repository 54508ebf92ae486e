/** Disks whose volume is not recorded as verified in its current generation. */
export function unverifiedDisks(
  disks: readonly { readonly diskKey: number; readonly volumeId: string }[],
  volumes: readonly { readonly volumeId: string; readonly verifiedHash?: string | undefined }[],
): readonly number[] {
  // A higher generation takes the hash away in the same transaction, so a hash is one of the current generation.
  const verified = new Set(volumes.filter(({ verifiedHash }) => verifiedHash !== undefined).map((row) => row.volumeId));
  return disks.filter(({ volumeId }) => !verified.has(volumeId)).map(({ diskKey }) => diskKey);
}
