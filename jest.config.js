'use strict';

/** One project per tier, so that `jest --selectProjects domain` needs nothing but Node. */
const project = (displayName, options = {}) => ({
  displayName,
  rootDir: __dirname,
  testEnvironment: 'node',
  testMatch: [`<rootDir>/test/${displayName}/**/*.test.ts`],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.cache/'],
  ...options,
});

const withServers = {
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
};

const withBundle = {
  globalSetup: '<rootDir>/test/support/global-setup-bundle.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
};

/** @type {import('jest').Config} */
module.exports = {
  // They wait for servers more than they compute: four at once suit two cores.
  maxWorkers: 4,
  testTimeout: 60_000,
  projects: [
    project('guest'),
    project('domain'),
    project('lint'),
    project('replay', withBundle),
    project('workflows', withBundle),
    project('cloudstack'),
    project('simulator'),
    project('contract'),
    project('appliance'),
    project('doctor'),
    project('worker'),
    project('client', withBundle),
    project('stack'),
    project('database', withServers),
    project('activities', withServers),
    project('failover', withBundle),
    project('end-to-end', withServers),
  ],
};
