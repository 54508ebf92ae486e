import importX from 'eslint-plugin-import-x';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/**
 * Which room may import from which (design: imports point downwards only), and which outside modules make effects: those may be
 * used in their own room only, so that every change of the world passes through a known port.
 */
const rooms = {
  domain: [],
  cloudstack: [],
  site: ['domain', 'cloudstack'],
  workflows: ['domain'],
  database: ['domain'],
  appliance: ['domain'],
  temporal: ['domain'],
  doctor: ['domain', 'cloudstack', 'site', 'database', 'temporal'],
  activities: ['domain', 'cloudstack', 'site', 'database', 'appliance', 'doctor'],
  simulator: ['domain'],
  // Signs and judges by itself, so that no mistake of the client or of the simulator can be on both sides.
  contract: [],
  worker: ['domain', 'cloudstack', 'site', 'database', 'appliance', 'temporal', 'doctor', 'activities', 'workflows'],
  stack: ['domain', 'database', 'appliance', 'simulator', 'cloudstack'],
  client: [
    'domain',
    'cloudstack',
    'site',
    'database',
    'temporal',
    'doctor',
    'workflows',
    'worker',
    'simulator',
    'stack',
  ],
  tools: [
    'domain',
    'cloudstack',
    'site',
    'database',
    'appliance',
    'temporal',
    'doctor',
    'activities',
    'workflows',
    'simulator',
    'worker',
    'stack',
    'client',
  ],
  bench: [
    'domain',
    'cloudstack',
    'site',
    'database',
    'appliance',
    'temporal',
    'doctor',
    'activities',
    'workflows',
    'simulator',
    'worker',
    'stack',
    'client',
    'test',
  ],
};

/** Outside modules that change the world or wait for it, and the rooms that are their port. */
const ports = [
  {
    modules: ['undici', 'node:http', 'node:https', 'node:net'],
    rooms: ['cloudstack', 'simulator', 'worker', 'stack', 'client', 'appliance'],
  },
  { modules: ['mysql2', 'mysql2/promise', 'kysely', 'umzug'], rooms: ['database', 'stack'] },
  {
    modules: ['node:fs', 'node:fs/promises'],
    rooms: ['appliance', 'simulator', 'worker', 'stack', 'client', 'tools', 'bench', 'database', 'contract'],
  },
  { modules: ['node:child_process'], rooms: ['appliance', 'simulator', 'stack', 'client', 'tools', 'bench'] },
  { modules: ['@temporalio/workflow'], rooms: ['workflows', 'client'] },
  { modules: ['@temporalio/activity'], rooms: ['worker', 'activities'] },
  { modules: ['@temporalio/worker'], rooms: ['worker', 'tools', 'bench'] },
];

const roomRule = (room, below, files = [`${room}/**/*.ts`]) => {
  const forbiddenRooms = [...Object.keys(rooms), 'test'].filter((other) => other !== room && !below.includes(other));
  const forbiddenModules = ports.filter((port) => !port.rooms.includes(room)).flatMap((port) => port.modules);
  return {
    files,
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: forbiddenModules.map((name) => ({
            name,
            message: `${room}/ does not touch the world through ${name}; that is the port of another room.`,
          })),
          patterns: [
            {
              regex: `^(\\.\\./)+(${forbiddenRooms.join('|')})(/|$)`,
              // A workflow knows its activities by type alone.
              allowTypeImports: room === 'workflows',
              message: `imports point downwards only: ${room}/ may import from ${below.join(', ') || 'no other room'}.`,
            },
          ],
        },
      ],
    },
  };
};

const roomRules = [
  ...Object.entries(rooms).map(([room, below]) => roomRule(room, below)),
  // The one file of the contract suite that knows the simulator: it starts one.
  roomRule('contract', ['simulator'], ['contract/own-simulator.ts']),
];

/** What would make a workflow's replay differ, or is not there in its sandbox. */
const sandbox = {
  files: ['workflows/**/*.ts', 'domain/**/*.ts'],
  rules: {
    'no-restricted-globals': [
      'error',
      'process',
      'Buffer',
      'fetch',
      'crypto',
      'structuredClone',
      'setInterval',
      'performance',
      'queueMicrotask',
    ],
  },
};

export default defineConfig(
  { ignores: ['dist/', 'node_modules/', '.cache/', 'coverage/', 'test/lint-violations/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/dot-notation': 'off', // tsc's noPropertyAccessFromIndexSignature asks for the opposite
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/unified-signatures': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off', // defineUpdate<void> is Temporal's own form
      'import-x/no-default-export': 'error',
      'import-x/no-cycle': ['error', { maxDepth: 8 }],
      'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  ...roomRules,
  sandbox,
  {
    // Jest's set-up files must export by default; table tests are long and speak for themselves.
    files: ['test/**/*.ts'],
    rules: {
      'max-lines': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['test/support/global-setup*.ts', 'test/support/global-teardown.ts'],
    rules: { 'import-x/no-default-export': 'off' },
  },
);
