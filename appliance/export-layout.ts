import path from 'node:path';

/** The folders and files of an appliance's local exports, below its `exports_directory`. */
export interface ExportLayout {
  /** links `migration-vol-{uuid}` → device node; the folder that nbdkit serves */
  readonly links: string;
  /** where links are made before they are renamed in: nbdkit would list a half-made one */
  readonly staging: string;
  /** nbdkit's Unix socket, mode 0600 */
  readonly socket: string;
  /** descriptions of guests for the commands that prepare them, for as long as those run */
  readonly guests: string;
  /** boot id that the links belong to */
  readonly bootId: string;
}

export function exportLayout(exportsDirectory: string): ExportLayout {
  const root = path.resolve(exportsDirectory);
  return {
    links: path.join(root, 'local'),
    staging: path.join(root, 'staging'),
    socket: path.join(root, 'local.sock'),
    guests: path.join(root, 'guests'),
    bootId: path.join(root, 'boot-id'),
  };
}
