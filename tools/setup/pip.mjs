import { SetupError, succeeds } from './commands.mjs';
import { installDebianPackages } from './system-packages.mjs';

/**
 * The command that runs pip; Debian's package is installed when there is none.
 *
 * @throws SetupError saying that pip is missing and what to do
 */
export async function findPip(clone, say) {
  const look = () =>
    [['python3', '-m', 'pip'], ['pip3'], ['pip']].find(([command, ...args]) =>
      succeeds(command, [...args, '--version']),
    );
  const pip = look();
  if (pip !== undefined) return pip;
  await installDebianPackages(clone, ['python3-pip'], 'pip is missing', say);
  const installed = look();
  if (installed === undefined) throw new SetupError('python3-pip is installed, yet pip does not run');
  return installed;
}
