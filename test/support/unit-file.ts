import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../stack/package-root';

/** A systemd unit of examples/systemd: its path, and the values of a setting, in their order. */
export interface UnitFile {
  readonly path: string;
  values(setting: string): string[];
}

export function readUnit(name: string): UnitFile {
  const path = join(packageRoot(), 'examples/systemd', name);
  const lines = readFileSync(path, 'utf8').split('\n');
  return {
    path,
    values: (setting) =>
      lines.filter((line) => line.startsWith(`${setting}=`)).map((line) => line.slice(setting.length + 1)),
  };
}

/** The user that the tests run services as: of no account, so that it owns nothing. */
export const serviceUser = 64_801;

/** Whether the user of the tests' services may read a file. */
export function readableAsService(path: string): boolean {
  const id = String(serviceUser);
  return spawnSync('setpriv', ['--reuid', id, '--regid', id, '--clear-groups', 'test', '-r', path]).status === 0;
}

/** A command with exactly the rights that a unit gives: a user of its own, its capabilities and no others, none to be gained. */
export function asUnit(unit: UnitFile, command: readonly string[]): string[] {
  const capabilities = (unit.values('CapabilityBoundingSet')[0] ?? '')
    .split(' ')
    .filter((name) => name !== '')
    .map((name) => `,+${name.toLowerCase().replace('cap_', '')}`)
    .join('');
  if (capabilities !== '' && unit.values('AmbientCapabilities')[0] !== unit.values('CapabilityBoundingSet')[0]) {
    throw new Error(`${unit.path}: a user that is not root has no capabilities but ambient ones`);
  }
  if (unit.values('User')[0] === undefined || unit.values('NoNewPrivileges')[0] !== 'yes') {
    throw new Error(`${unit.path}: it names no user, or lets more rights be gained`);
  }
  const set = `-all${capabilities}`;
  const id = String(serviceUser);
  return [
    'setpriv',
    ...['--reuid', id, '--regid', id, '--clear-groups', '--no-new-privs'],
    ...[`--inh-caps=${set}`, `--ambient-caps=${set}`, `--bounding-set=${set}`, '--'],
    ...command,
  ];
}
