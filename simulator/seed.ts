import { randomBytes, randomUUID } from 'node:crypto';
import { projectAccountName } from './projects';
import type { World } from './world';
import type { WorldDescription } from './world-file';

/** Size of the one template, and of every root volume that is made of it. */
export const TEMPLATE_BYTES = 2 * 1024 ** 3;
const SEED_AGE_MS = 60_000;

/**
 * Fills in what the world's description says and the tables do not have yet: accounts with their keys, VMs with their root
 * volumes. Done again it adds only what is missing.
 */
export function seedWorld(world: World): void {
  // They have been running for a while: the server's statistics know them.
  const now = Date.now() - SEED_AGE_MS;
  for (const account of world.description.accounts) {
    if (world.accounts.get(account.id) !== undefined) continue;
    world.accounts.put({
      id: account.id,
      number: world.nextNumber('account'),
      name: account.name,
      role: account.role,
      userId: account.userId,
      apiKey: account.apiKey ?? randomBytes(64).toString('base64url'),
      secretKey: account.secretKey ?? randomBytes(64).toString('base64url'),
      projectAccounts: world.description.projects
        .filter((project) => project.account === account.name)
        .map((project) => project.accountId),
      created: now,
    });
  }
  for (const project of world.description.projects) {
    if (world.accounts.get(project.accountId) !== undefined) continue;
    present(world.accountNamed(project.account), `account ${project.account}`);
    world.accounts.put({
      id: project.accountId,
      number: world.nextNumber('account'),
      name: projectAccountName(project),
      role: 'user',
      userId: randomUUID(),
      // Nobody is told these.
      apiKey: randomBytes(64).toString('base64url'),
      secretKey: randomBytes(64).toString('base64url'),
      created: now,
    });
  }
  for (const machine of world.description.machines) {
    if (world.machines.get(machine.id) !== undefined) continue;
    const accountId = ownerOf(world, machine);
    const offering = world.description.serviceOfferings.find((each) => each.name === machine.serviceOffering);
    const serviceOfferingId = present(offering ?? world.description.serviceOfferings[0], 'service offering').id;
    const number = world.nextNumber('machine');
    world.volumes.put({
      id: randomUUID(),
      number: world.nextNumber('volume'),
      name: `ROOT-${String(number)}`,
      accountId,
      zoneId: world.description.zone.id,
      diskOfferingId: null,
      templateId: world.description.template.id,
      snapshotId: null,
      serviceOfferingId,
      type: 'ROOT',
      sizeBytes: TEMPLATE_BYTES,
      state: 'Ready',
      vmId: machine.id,
      deviceId: 0,
      attached: now,
      created: now,
      placed: true,
      onStorage: true,
      deleteProtection: false,
      removed: null,
    });
    world.machines.put({
      id: machine.id,
      number,
      name: machine.name,
      displayName: machine.name,
      accountId,
      zoneId: world.description.zone.id,
      serviceOfferingId,
      customSize: null,
      details: {},
      state: machine.state,
      hypervisor: machine.hypervisor,
      bus: machine.bus,
      nics: machine.nics.map((nic) => ({
        id: randomUUID(),
        networkId: present(
          world.description.networks.find((network) => network.name === nic.network),
          `network ${nic.network}`,
        ).id,
        macAddress: nic.macAddress,
      })),
      created: now,
      updated: now,
      plugged: 0,
      everStarted: true,
      removed: null,
    });
  }
}

function ownerOf(world: World, machine: WorldDescription['machines'][number]): string {
  if (machine.project === undefined) {
    return present(world.accountNamed(machine.account), `account ${machine.account}`).id;
  }
  const project = world.description.projects.find((each) => each.name === machine.project);
  return present(project, `project ${machine.project}`).accountId;
}

/** @throws RangeError when there is no such thing */
export function present<Thing>(thing: Thing | undefined, what: string): Thing {
  if (thing === undefined) throw new RangeError(`the world has no ${what}`);
  return thing;
}
