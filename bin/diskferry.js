#!/usr/bin/env node
'use strict';

const { existsSync } = require('node:fs');
const path = require('node:path');

const cli = path.join(__dirname, '..', 'dist', 'client', 'cli.js');
if (existsSync(cli)) {
  require(cli).main();
} else {
  process.stderr.write('Diskferry is not built yet. Run: npm run setup\n');
  process.exitCode = 1;
}
