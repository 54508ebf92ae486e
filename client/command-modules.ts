/* eslint-disable @typescript-eslint/no-require-imports, @typescript-eslint/consistent-type-imports -- each is loaded when its command runs, so that --help stays fast; import() in a
   CommonJS file would want file extensions, which nothing else here has */

/** The commands' modules, each loaded on first use. */
export const commandModules = {
  replicate: () => require('./commands/replicate') as typeof import('./commands/replicate'),
  status: () => require('./commands/status') as typeof import('./commands/status'),
  watch: () => require('./commands/watch') as typeof import('./commands/watch'),
  list: () => require('./commands/list') as typeof import('./commands/list'),
  mappings: () => require('./commands/mappings') as typeof import('./commands/mappings'),
  retry: () => require('./commands/retry') as typeof import('./commands/retry'),
  abandon: () => require('./commands/abandon') as typeof import('./commands/abandon'),
  pause: () => require('./commands/pause') as typeof import('./commands/pause'),
  resume: () => require('./commands/resume') as typeof import('./commands/resume'),
  cancel: () => require('./commands/cancel') as typeof import('./commands/cancel'),
  release: () => require('./commands/release') as typeof import('./commands/release'),
  failoverStart: () => require('./commands/failover-start') as typeof import('./commands/failover-start'),
  failoverGroup: () => require('./commands/failover-group') as typeof import('./commands/failover-group'),
  failoverBack: () => require('./commands/failover-back') as typeof import('./commands/failover-back'),
  failoverCancel: () => require('./commands/failover-cancel') as typeof import('./commands/failover-cancel'),
  failoverTell: () => require('./commands/failover-tell') as typeof import('./commands/failover-tell'),
  failoverStatus: () => require('./commands/failover-status') as typeof import('./commands/failover-status'),
  failoverWatch: () => require('./commands/failover-watch') as typeof import('./commands/failover-watch'),
  failoverList: () => require('./commands/failover-list') as typeof import('./commands/failover-list'),
  points: () => require('./commands/points') as typeof import('./commands/points'),
  revert: () => require('./commands/revert') as typeof import('./commands/revert'),
  migrate: () => require('./commands/migrate') as typeof import('./commands/migrate'),
  worker: () => require('./commands/worker') as typeof import('./commands/worker'),
  simulator: () => require('./commands/simulator') as typeof import('./commands/simulator'),
  configCheck: () => require('./commands/config-check') as typeof import('./commands/config-check'),
  probe: () => require('./commands/probe') as typeof import('./commands/probe'),
  up: () => require('./commands/up') as typeof import('./commands/up'),
  demo: () => require('./commands/demo') as typeof import('./commands/demo'),
} as const;
