/** Where one disk of a source VM stands, compared with where it stood before. All in words, so that a difference can be read. */
export interface DiskStanding {
  readonly key: number;
  readonly volume: 'the former' | 'another';
  /** CloudStack's word */
  readonly attached: string;
  /** guests that have it plugged, as the hypervisor knows */
  readonly plugged: readonly string[];
  /** live mappings, each with whether path and device are what they must be */
  readonly mapped: readonly string[];
  readonly verified: boolean;
  /** how many generations it has been raised by */
  readonly raised: number;
  readonly bytes: 'unchanged' | 'changed';
  readonly protection: string;
}

/** Where a source VM stands: one whole answer that is compared with one that is allowed. */
export interface Standing {
  readonly disks: readonly DiskStanding[];
  /** as its hooks were told last */
  readonly source: 'may write' | 'has stopped writing';
  /** the failover VM that is there, and how it does */
  readonly failoverVm: string;
  /** whether the database counts the VM as failed over, and to which VM */
  readonly failedOver: string;
  /** volumes that were replaced, and are kept: their disk keys */
  readonly kept: readonly string[];
  /** recovery points that could not be removed: the next run does */
  readonly leftToTheNextRun: readonly string[];
  /** anything else anywhere that should not be there */
  readonly leftovers: readonly string[];
}

/** The replicas are the disks of the failover VM. */
export function onTheFailoverVm(former: Standing, state: string): Standing {
  return {
    ...former,
    disks: former.disks.map((disk, index) => ({
      ...disk,
      attached: `to the failover VM as ${String(index)}`,
      plugged: ['the failover VM'],
      mapped: [`${index === 0 ? 'live_root' : 'live_data'} on the failover VM`],
      verified: false,
      raised: disk.raised + 1,
    })),
    failoverVm: state,
    failedOver: 'to the failover VM',
  };
}

/** A guest step has had the replicas in its hands: whatever it wrote or did not write, they count no more as verified. */
export function touchedByTheGuestStep(former: Standing): Standing {
  return {
    ...former,
    disks: former.disks.map((disk) => ({ ...disk, verified: false, raised: disk.raised + 1 })),
  };
}

/** The source was quiesced for good. */
export function withoutItsSource(former: Standing): Standing {
  return { ...former, source: 'has stopped writing' };
}

/** The replicas are back on the appliance, and not verified. */
export function backOnTheAppliance(former: Standing): Standing {
  return {
    ...former,
    disks: former.disks.map((disk) => ({ ...disk, ...onTheAppliance, verified: false })),
    failoverVm: 'none',
    failedOver: 'no',
  };
}

/** Volumes made from a verified point have taken the places of the replicas, which are kept. */
export function replaced(former: Standing): Standing {
  return {
    ...former,
    disks: former.disks.map((disk) => ({ ...disk, ...onTheAppliance, volume: 'another' })),
    kept: former.disks.map(({ key }) => `disk ${String(key)}: its former volume, attached to nothing`),
  };
}

const onTheAppliance = {
  attached: 'to the appliance',
  plugged: ['the appliance'],
  mapped: ['replica on the appliance'],
} satisfies Partial<DiskStanding>;

/** What differs, one line each; empty when nothing does. */
export function differences(expected: Standing, seen: Standing): string[] {
  const found: string[] = [];
  const compare = (what: string, wanted: unknown, is: unknown): void => {
    if (JSON.stringify(wanted) === JSON.stringify(is)) return;
    found.push(`${what}: is ${JSON.stringify(is)}, and should be ${JSON.stringify(wanted)}`);
  };
  const { disks: wantedDisks, ...wanted } = expected;
  const { disks, ...is } = seen;
  compare('disks', keysOf(wantedDisks), keysOf(disks));
  for (const disk of wantedDisks) {
    const one: Readonly<Record<string, unknown>> = { ...disks.find(({ key }) => key === disk.key) };
    for (const [field, value] of Object.entries(disk)) compare(`disk ${String(disk.key)} ${field}`, value, one[field]);
  }
  for (const [field, value] of Object.entries(wanted)) compare(field, value, { ...is }[field as keyof typeof is]);
  return found;
}

const keysOf = (disks: readonly DiskStanding[]): number[] => disks.map(({ key }) => key);
