import { missingRights } from '../appliance/rights';
import { failure } from '../domain/failures';
import type { ApplianceConfiguration } from './config';

/**
 * Refuses to work on an appliance with less rights than the work needs: a copy that finds that out in the middle is worse.
 *
 * @throws DiskferryFailure `rights-missing` naming each right and what gives it; a retry does not help
 */
export async function proveRights(appliance: ApplianceConfiguration): Promise<void> {
  const missing = await missingRights(appliance);
  if (missing.length === 0) return;
  throw failure('rights-missing', {
    applianceId: appliance.id,
    problems: missing.map(({ what }) => what).join('; '),
    remedies: [...new Set(missing.map(({ next }) => next))].join(' '),
  });
}
