import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { makeApplianceIdentity } from '../../appliance/identity';
import { makeApplianceTools } from '../../appliance/tools';
import { temporaryFolder } from '../support/temporary-folder';

const applianceId = '1c266316-503d-451d-9392-9585a6fcba41';
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let identityFile: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  identityFile = path.join(folder.path, 'appliance-id');
});
afterEach(() => folder.remove());

describe.each(['file', 'dmi'] as const)('identity by %s', (identity) => {
  const prove = () =>
    makeApplianceIdentity({ identity, identityFile, productUuidFile: identityFile }).prove({
      applianceId,
      macAddresses: [],
    });

  test('is proven by the id, in either case and with a line end', async () => {
    await writeFile(identityFile, `${applianceId.toUpperCase()}\n`);
    expect(await prove()).toEqual({ ok: true, how: `${identity}: ${identityFile}` });
  });

  test('is not proven by another id, which is told, nor by nothing', async () => {
    await writeFile(identityFile, 'e6cdc9bc-0000-4000-8000-000000000000\n');
    expect(await prove()).toEqual({ ok: false, evidence: expect.stringContaining('says e6cdc9bc') });
    await writeFile(identityFile, '');
    expect(await prove()).toEqual({ ok: false, evidence: expect.stringContaining('says nothing') });
  });

  test('is not proven by a file that is not there', async () => {
    expect(await prove()).toEqual({ ok: false, evidence: expect.stringContaining('ENOENT') });
  });
});

describe('identity by nic', () => {
  const prove = (expected: string[], here: string[]) =>
    makeApplianceIdentity({ identity: 'nic', identityFile, macAddresses: () => here }).prove({
      applianceId,
      macAddresses: expected,
    });

  test('is proven by one address that CloudStack lists, in either case', async () => {
    expect(await prove(['02:00:1A:00:00:01', '02:00:1a:00:00:02'], ['02:00:1a:00:00:01'])).toEqual({
      ok: true,
      how: 'nic: 02:00:1a:00:00:01',
    });
  });

  test('is not proven without one, and both sides are told', async () => {
    expect(await prove(['02:00:1a:00:00:01'], ['02:00:1a:00:00:09'])).toEqual({
      ok: false,
      evidence: expect.stringMatching(/lists 02:00:1a:00:00:01 .* has 02:00:1a:00:00:09/),
    });
    expect((await prove([], [])).ok).toBe(false);
  });
});

test('the tools of an appliance are here, or the one that is missing is named', async () => {
  expect(await makeApplianceTools().check()).toEqual({ ok: true });
  const before = process.env['PATH'];
  try {
    process.env['PATH'] = folder.path;
    expect(await makeApplianceTools().check()).toMatchObject({ ok: false, tool: 'flock' });
  } finally {
    process.env['PATH'] = before;
  }
});
