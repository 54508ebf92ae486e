import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * `npm run histories:record -- NAME WORKFLOW_ID [--run-id ID]`: writes a run's history to test/replay/histories/NAME.json, for
 * the replay tests. Only adds: a golden history that no longer replays needs a patch marker in the workflow, not a new recording.
 * The server is found as every other command finds it (TEMPORAL_ADDRESS, temporal.toml); DISKFERRY_STATE names the state folder,
 * which is taken out of the recording.
 */
async function main(): Promise<void> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { 'run-id': { type: 'string' } } });
  const [name, workflowId] = positionals;
  if (name === undefined || workflowId === undefined || !/^[a-z0-9-]+$/.test(name)) {
    process.stderr.write('usage: npm run histories:record -- NAME WORKFLOW_ID [--run-id ID]   (NAME: a-z 0-9 -)\n');
    process.exitCode = 2;
    return;
  }
  const file = join(process.cwd(), 'test', 'replay', 'histories', `${name}.json`);
  if (existsSync(file)) {
    process.stderr.write(`${file} exists; golden histories are added, never overwritten\n`);
    process.exitCode = 1;
    return;
  }
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const connection = await Connection.connect(connectionOptions);
  try {
    const client = new Client({ connection, ...(namespace === undefined ? {} : { namespace }) });
    const history = await client.workflow.getHandle(workflowId, values['run-id']).fetchHistory();
    writeFileSync(file, `${JSON.stringify(scrub(JSON.parse(historyToJSON(history))), undefined, 1)}\n`);
    process.stdout.write(`${file}: ${String(history.events?.length ?? 0)} events\n`);
  } finally {
    await connection.close();
  }
}

/** Takes names of this machine out: who polled, where the clone and the state folder are. A replay compares none of them. */
function scrub(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => scrub(each));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, scrub(each, name)]));
  }
  if (typeof value !== 'string') return value;
  if (key === 'identity') return 'recorded';
  if (key === 'data') return Buffer.from(scrubText(Buffer.from(value, 'base64').toString('utf8'))).toString('base64');
  return scrubText(value);
}

function scrubText(text: string): string {
  const state = process.env['DISKFERRY_STATE'];
  const withoutClone = text.replaceAll(process.cwd(), '/clone').replace(/\d+@[\w.-]+/g, 'recorded');
  return state === undefined ? withoutClone : withoutClone.replaceAll(state, '/state');
}

void main();
