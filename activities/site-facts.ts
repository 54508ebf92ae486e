import type { CallOptions, CloudStackApi, DiskOffering, User, Zone } from '../cloudstack/api';
import type { Clock } from '../cloudstack/clock';
import { isCloudStackError } from '../cloudstack/errors';
import { failure } from '../domain/failures';
import type { KeyOwner } from './judge-owner';

/** How a site is configured, as far as activities use it. */
export interface SiteSettings {
  readonly name: string;
  /** name or id */
  readonly zone: string;
  /** name or id of an offering with a custom size */
  readonly diskOffering: string;
  /** the key that the worker calls with; it tells which of the listed users is its own */
  readonly apiKey: string;
  /** data disks of one VM, where what CloudStack lists is not so */
  readonly dataDiskLimit?: number;
  /** ids of the site's appliances as they are configured; with none named, any that CloudStack lists is accepted */
  readonly applianceIds?: readonly string[];
}

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

/** Gives the facts, asking CloudStack again when they are older than some minutes or `fresh` is wanted. */
export type SiteFacts = (options: CallOptions & { fresh?: boolean }) => Promise<Facts>;

const KEPT_MS = 300_000;
/** `custom.diskoffering.size.min` and `.max` where an old server does not list them (reference cloudstack-api §2.4). */
const DEFAULT_MIN_GIB = 1;
const DEFAULT_MAX_GIB = 1024;

export function makeSiteFacts(api: CloudStackApi, settings: SiteSettings, clock: Pick<Clock, 'now'>): SiteFacts {
  let known: { readonly facts: Facts; readonly at: number } | undefined;
  return async ({ fresh = false, ...options }) => {
    if (!fresh && known !== undefined && clock.now() - known.at < KEPT_MS) return known.facts;
    const facts = await ask(api, settings, options);
    known = { facts, at: clock.now() };
    return facts;
  };
}

async function ask(api: CloudStackApi, settings: SiteSettings, options: CallOptions): Promise<Facts> {
  const [zones, offerings, capabilities, user] = await Promise.all([
    api.listZones({}, options),
    api.listDiskOfferings({}, options),
    api.listCapabilities(options),
    ownUser(api, settings, options),
  ]);
  const site = settings.name;
  const zone = named(zones, settings.zone);
  if (zone === undefined) throw failure('zone-unknown', { site, zone: settings.zone });
  const offering = named(offerings, settings.diskOffering);
  if (offering === undefined) throw failure('offering-unknown', { site, offering: settings.diskOffering });
  if (!offering.iscustomized) {
    throw failure('offering-not-custom', { site, offering: offering.name, sizeGib: offering.disksize });
  }
  return {
    zone,
    offering,
    mayChooseVolumeIds: user?.accounttype === 1,
    keyOwner: user && { account: user.account, domainid: user.domainid },
    cloudStackVersion: capabilities.cloudstackversion,
    minGib: capabilities.customdiskofferingminsize ?? DEFAULT_MIN_GIB,
    maxGib: capabilities.customdiskofferingmaxsize ?? DEFAULT_MAX_GIB,
  };
}

/** An id wins over a name, since a name may look like anything. */
function named<T extends { readonly id: string; readonly name: string }>(
  list: readonly T[],
  wanted: string,
): T | undefined {
  return list.find((item) => item.id === wanted.toLowerCase()) ?? list.find((item) => item.name === wanted);
}

/** The key's own user is the one with its api key, or the only one that it may see. A key that may see none is no root admin's. */
async function ownUser(api: CloudStackApi, settings: SiteSettings, options: CallOptions): Promise<User | undefined> {
  try {
    const users = await api.listUsers(options);
    return users.find((user) => user.apikey === settings.apiKey) ?? (users.length === 1 ? users[0] : undefined);
  } catch (error) {
    if (isCloudStackError(error, 'refused', 'unauthorized')) return undefined;
    throw error;
  }
}
