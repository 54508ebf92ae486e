import type { CommandCall } from '../appliance/ports';
import { failure } from '../domain/failures';

/** A command as the configuration has it. */
export interface CommandSettings {
  readonly command: CommandCall['command'];
  /** how long one run may take, milliseconds */
  readonly timeoutMs: number;
}

/** The commands of one site. */
export interface SiteCommands {
  /** its [site.NAME.hook.NAME] sections, by name */
  readonly hooks: ReadonlyMap<string, CommandSettings>;
  /** what converts a guest, where the configuration says another than virt-v2v-in-place of the PATH */
  readonly convert?: CommandSettings;
}

/** What converts a guest where the configuration says nothing. */
export const defaultConvert: CommandSettings = { command: ['virt-v2v-in-place'], timeoutMs: 2 * 3_600_000 };

/**
 * The hook of that name.
 *
 * @throws DiskferryFailure `hook-unknown` naming those that are configured; retrying does not help
 */
export function hookOf({ hooks }: Pick<SiteCommands, 'hooks'>, site: string, hook: string): CommandSettings {
  const settings = hooks.get(hook);
  if (settings !== undefined) return settings;
  throw failure('hook-unknown', { hook, site, configured: [...hooks.keys()].join(', ') || 'none' });
}
