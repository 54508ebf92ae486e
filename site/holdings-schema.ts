import { z } from 'zod';
import { snapshotSchema, virtualMachineSchema, volumeSchema } from '../cloudstack/responses';
import { failureRecordSchema } from '../domain/failures';
import type { SiteHoldings } from './read-holdings';

const quota = z.object({ used: z.number(), limit: z.number().optional() }).optional();

/** A site's holdings as a site's worker sends them: what of JSON is left of them is what {@link SiteHoldings} says. */
const siteHoldingsSchema = z.object({
  volumes: z.array(volumeSchema),
  machines: z.array(virtualMachineSchema),
  snapshots: z.array(snapshotSchema).optional(),
  appliances: z.array(z.object({ applianceId: z.string(), attached: z.number(), limit: z.number() })),
  quota: z
    .object({
      account: z.string(),
      volumes: quota,
      primaryStorageGib: quota,
      snapshots: quota,
      machines: quota,
      cpus: quota,
      memoryMib: quota,
    })
    .optional(),
  clockOffsetMs: z.number().optional(),
  refusals: z.array(failureRecordSchema),
});

/** Parses what came from a site's worker. Throws ZodError when it is of another release. */
export function parseHoldings(value: unknown): SiteHoldings {
  const { snapshots, quota: account, clockOffsetMs, ...rest } = siteHoldingsSchema.parse(value);
  const row = (found: z.output<typeof quota>) => found && { used: found.used, limit: found.limit };
  return {
    ...rest,
    snapshots,
    clockOffsetMs,
    quota: account && {
      account: account.account,
      volumes: row(account.volumes),
      primaryStorageGib: row(account.primaryStorageGib),
      snapshots: row(account.snapshots),
      machines: row(account.machines),
      cpus: row(account.cpus),
      memoryMib: row(account.memoryMib),
    },
  };
}
