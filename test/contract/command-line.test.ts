import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runContract } from '../../contract/main';
import { startSimulator } from '../../simulator/start';
import type { RunningSimulator } from '../../simulator/start';

const fixtures = join(__dirname, '..', 'cloudstack', 'fixtures', 'cloudstack-4.22.1.0');

async function contract(...args: string[]): Promise<{ code: number; text: string }> {
  let text = '';
  const code = await runContract(args, (more) => (text += more));
  return { code, text };
}

describe('npm run contract', () => {
  test('says what it can do, with examples', async () => {
    const { code, text } = await contract('--help');
    expect(code).toBe(0);
    for (const word of ['--endpoint', '--admin', '--user', '--scenario', '--fixtures', '--json', 'Examples']) {
      expect(text).toContain(word);
    }
  });

  test('replays one scenario against a simulator of its own', async () => {
    const { code, text } = await contract('--scenario', 'custom-id');
    expect(text).toBe('agrees   custom-id: 9 steps agree\n1 scenarios agree, 0 differ, 0 left out\n');
    expect(code).toBe(0);
  });

  test('names the scenarios when one is not known', async () => {
    await expect(contract('--scenario', 'nope')).rejects.toThrow(
      /no scenario "nope"; there are:\n {2}attach-queue-one-vm/,
    );
  });

  test('refuses an option that it does not know, and an endpoint without keys', async () => {
    await expect(contract('--endpont', 'x')).rejects.toThrow(/Unknown option '--endpont'/);
    await expect(contract('--endpoint', 'http://127.0.0.1:1')).rejects.toThrow('--endpoint needs --admin KEY:SECRET');
  });
});

describe('other recordings', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'diskferry-recordings-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('are replayed without the checks, under their own names; a wrong one is told, as JSON too', async () => {
    const recorded = JSON.parse(readFileSync(join(fixtures, 'custom-id.json'), 'utf8')) as {
      scenario: string;
      steps: { body: Record<string, Record<string, unknown>> }[];
    };
    recorded.scenario = 'mine';
    recorded.steps[2]!.body['createvolumeresponse']!['cserrorcode'] = 4365;
    writeFileSync(join(folder, 'mine.json'), JSON.stringify(recorded));
    copyFileSync(join(fixtures, 'create-both-ids.json'), join(folder, 'both.json'));
    const people = await contract('--fixtures', folder);
    expect(people.code).toBe(1);
    expect(people.text).toContain('differs  mine: 8 steps agree, 1 differ');
    expect(people.text).toContain('value cserrorcode: recorded 4365, here 4350');
    expect(people.text).toContain('1 scenarios agree, 1 differ, 0 left out');
    const programs = await contract('--fixtures', folder, '--scenario', 'mine', '--json');
    expect(JSON.parse(programs.text)).toMatchObject([
      {
        scenario: 'mine',
        verdict: 'differs',
        differ: 1,
        steps: [{ step: 2, differences: [{ kind: 'value', path: 'cserrorcode', recorded: '4365', here: '4350' }] }],
      },
    ]);
  });

  test('a file that is no recording, and a folder without any, are named', async () => {
    await expect(contract('--fixtures', folder)).rejects.toThrow(`${folder} holds no recordings`);
    writeFileSync(join(folder, 'bad.json'), '{"scenario":"bad"}');
    await expect(contract('--fixtures', folder)).rejects.toThrow(/bad\.json is no recording/);
  });
});

describe('against an endpoint', () => {
  let simulator: RunningSimulator | undefined;
  afterEach(async () => {
    await simulator?.close();
  });

  async function endpoint(world: string): Promise<string[]> {
    simulator = await startSimulator({ world });
    const keys = simulator.accounts.map(({ role, apiKey, secretKey }) => [`--${role}`, `${apiKey}:${secretKey}`]);
    return ['--endpoint', simulator.endpoint, ...keys.flat()];
  }

  test('knows nothing but the API: what it cannot prepare is left out and said, and what it made is removed', async () => {
    const args = await endpoint('default');
    const names = ['failover', 'hypervisor-faults', 'restart-during-attach', 'post-enforcement', 'volume-lifecycle'];
    const { code, text } = await contract(...args, ...names.flatMap((name) => ['--scenario', name]));
    expect(text).toMatch(/agrees {3}failover/);
    expect(text).toMatch(/agrees {3}hypervisor-faults/);
    expect(text).toMatch(/left out restart-during-attach.*\n.*left out: the management server cannot be killed/);
    expect(text).toMatch(/left out post-enforcement.*\n.*needs enforce\.post\.requests\.and\.timestamps on/);
    // It comes after the others, so it would meet what they left behind.
    expect(text).toMatch(/agrees {3}volume-lifecycle/);
    expect(text).toContain('3 scenarios agree, 0 differ, 2 left out');
    expect(code).toBe(0);
  });

  test('a simulator that runs by itself is switched over its control port', async () => {
    const args = [...(await endpoint('default')), '--control', simulator!.controlEndpoint];
    const names = ['post-enforcement', 'restart-during-attach', 'custom-id'];
    const { text } = await contract(...args, ...names.flatMap((name) => ['--scenario', name]));
    expect(text).toContain('3 scenarios agree, 0 differ, 0 left out');
  });

  test('keys that begin with a dash are keys, not options', async () => {
    const args = ['--endpoint', 'http://127.0.0.1:9/client/api', '--admin', '-a:-b', '--user', '-c:-d'];
    await expect(contract(...args, '--scenario', 'custom-id')).rejects.toThrow(
      /127\.0\.0\.1:9|fetch failed|ECONNREFUSED/,
    );
  });

  test('what of the world is missing is listed', async () => {
    const args = await endpoint('demo');
    const missing = /Missing:\n {2}zone zone1\n {2}disk offering \(custom size\) custom-disk\n/;
    await expect(contract(...args, '--scenario', 'custom-id')).rejects.toThrow(missing);
  });

  test('keys that the server refuses are told without the secret', async () => {
    const [option, url] = await endpoint('default');
    const failure = contract(option!, url!, '--admin', 'key:very-secret', '--user', 'key:very-secret');
    await expect(failure).rejects.toThrow(/listZones: 401/);
    await expect(failure).rejects.not.toThrow(/very-secret/);
  });
});
