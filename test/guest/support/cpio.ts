import path from 'node:path';

export interface CpioFile {
  /** path without a slash at its beginning */
  readonly name: string;
  readonly content: Buffer;
}

/**
 * An archive in the form that the kernel takes for an initramfs (kernel: Documentation/driver-api/early-userspace/buffer-format.rst,
 * "newc"): folders before what is in them, every file executable.
 */
export function cpioArchive(files: readonly CpioFile[], emptyFolders: readonly string[]): Buffer {
  const parts: Buffer[] = [];
  const folders = new Set<string>(['.']);
  const add = (name: string, mode: number, content: Buffer): void => {
    const nameBytes = Buffer.from(`${name}\0`);
    const inode = parts.length + 1;
    const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, nameBytes.length, 0];
    const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
    parts.push(header, nameBytes, padding(header.length + nameBytes.length), content, padding(content.length));
  };
  const addFolder = (folder: string): void => {
    if (folders.has(folder)) return;
    addFolder(path.dirname(folder));
    folders.add(folder);
    add(folder, 0o040755, Buffer.alloc(0));
  };
  for (const folder of emptyFolders) addFolder(folder);
  for (const { name, content } of files) {
    addFolder(path.dirname(name));
    add(name, 0o100755, content);
  }
  add('TRAILER!!!', 0, Buffer.alloc(0));
  return Buffer.concat(parts);
}

function padding(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}
