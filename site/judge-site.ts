import type { DiskOffering, User, Zone } from '../cloudstack/api';
import { failure } from '../domain/failures';
import type { KeyOwner } from './judge-owner';
import { foundOrThrow, type Judged } from './judged';
import type { SiteReading } from './read-site';
import type { SiteSettings } from './site-settings';

/** What holds for a whole site and changes rarely. */
export interface Facts {
  readonly zone: Zone;
  readonly offering: DiskOffering;
  /** the key is root admin's, so that ids of volumes may be chosen (customid; others get a 531) */
  readonly mayChooseVolumeIds: boolean;
  /** the key's own account, where it can be told */
  readonly keyOwner: KeyOwner | undefined;
  readonly cloudStackVersion: string;
  /** GiB of one volume */
  readonly minGib: number;
  readonly maxGib: number;
}

/** `custom.diskoffering.size.min` and `.max` where an old server does not list them (reference cloudstack-api §2.4). */
const DEFAULT_MIN_GIB = 1;
const DEFAULT_MAX_GIB = 1024;

/**
 * Everything that the steps need to know of the site.
 *
 * @throws DiskferryFailure the first refusal of {@link judgeZone} and {@link judgeOffering}
 */
export function factsOf(reading: SiteReading, settings: SiteSettings): Facts {
  return {
    zone: foundOrThrow(judgeZone(reading, settings)),
    offering: foundOrThrow(judgeOffering(reading, settings)),
    mayChooseVolumeIds: isRootAdmin(reading.user),
    keyOwner: keyOwnerOf(reading.user),
    cloudStackVersion: reading.capabilities.cloudstackversion,
    ...sizeLimits(reading),
  };
}

/** The configured zone. A disabled one takes new volumes from root admins only (CloudStack: VolumeApiServiceImpl.allocVolume). */
export function judgeZone(
  { zones, user }: Pick<SiteReading, 'zones' | 'user'>,
  settings: Pick<SiteSettings, 'name' | 'zone'>,
): Judged<Zone> {
  const site = settings.name;
  const zone = named(zones, settings.zone);
  if (zone === undefined) return { refusal: failure('zone-unknown', { site, zone: settings.zone }) };
  if (zone.allocationstate === 'Disabled' && !isRootAdmin(user)) {
    return { refusal: failure('zone-disabled', { site, zone: zone.name }) };
  }
  return { found: zone };
}

/** The configured disk offering, if volumes of any size can be made with it. */
export function judgeOffering(
  { offerings }: Pick<SiteReading, 'offerings'>,
  settings: Pick<SiteSettings, 'name' | 'diskOffering'>,
): Judged<DiskOffering> {
  const site = settings.name;
  const offering = named(offerings, settings.diskOffering);
  if (offering === undefined) {
    return { refusal: failure('offering-unknown', { site, offering: settings.diskOffering }) };
  }
  if (!offering.iscustomized) {
    const { name, disksize: sizeGib } = offering;
    return { refusal: failure('offering-not-custom', { site, offering: name, sizeGib }) };
  }
  return { found: offering };
}

/** Least and greatest size of one volume, in GiB. */
export function sizeLimits({ capabilities }: Pick<SiteReading, 'capabilities'>): { minGib: number; maxGib: number } {
  return {
    minGib: capabilities.customdiskofferingminsize ?? DEFAULT_MIN_GIB,
    maxGib: capabilities.customdiskofferingmaxsize ?? DEFAULT_MAX_GIB,
  };
}

/** A key that may not even see its own user is no root admin's. */
export function isRootAdmin(user: User | undefined): boolean {
  return user?.accounttype === 1;
}

/** Whom volumes belong to when the request names nobody. */
export function keyOwnerOf(user: User | undefined): KeyOwner | undefined {
  return user && { account: user.account, domainid: user.domainid };
}

/** An id wins over a name, since a name may look like anything. */
export function named<T extends { readonly id: string; readonly name: string }>(
  list: readonly T[],
  wanted: string,
): T | undefined {
  return list.find((item) => item.id === wanted.toLowerCase()) ?? list.find((item) => item.name === wanted);
}
