import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { labelled, wrapText } from '../../client/wrapped-text';
import type { VirtualMachine, Zone } from '../../cloudstack/api';
import { CloudStackError } from '../../cloudstack/errors';
import { judgeAppliance, judgeVmSnapshots } from '../../site/judge-appliance';
import { judgeQuota, quotaOf } from '../../site/judge-quota';
import { judgeZone } from '../../site/judge-site';
import { judgeSlots } from '../../site/judge-slots';
import { refusalOf } from '../../site/judged';
import { cloudStackFailure } from '../../site/cloudstack-failure';
import { releaseKnowledge } from '../../site/releases';
import type { SiteReading } from '../../site/read-site';

const zone: Zone = { id: 'zone-1', name: 'QC', allocationstate: 'Enabled' };
const settings = { name: 'qc', zone: 'QC' };
const user = (accounttype: number): SiteReading['user'] => ({
  id: 'u',
  username: 'u',
  account: 'a',
  accounttype,
  domainid: 'd',
});

describe('the zone', () => {
  test.each<[string, Zone, number | undefined, string | undefined]>([
    ['enabled, as a normal user', zone, 0, undefined],
    ['disabled, as root admin', { ...zone, allocationstate: 'Disabled' }, 1, undefined],
    ['disabled, as a domain admin', { ...zone, allocationstate: 'Disabled' }, 2, 'zone-disabled'],
    ['disabled, whoever the key is', { ...zone, allocationstate: 'Disabled' }, undefined, 'zone-disabled'],
    ['another', { ...zone, name: 'other' }, 1, 'zone-unknown'],
  ])('%s', (_what, listed, accountType, code) => {
    const reading = { zones: [listed], user: accountType === undefined ? undefined : user(accountType) };
    expect(refusalOf(judgeZone(reading, settings))?.code).toBe(code);
  });

  test('an id wins over a name that looks like it', () => {
    const liar: Zone = { id: 'zone-2', name: 'zone-1' };
    const judged = judgeZone({ zones: [liar, zone], user: user(1) }, { name: 'qc', zone: 'ZONE-1' });
    expect(judged).toEqual({ found: zone });
  });
});

describe('the appliance', () => {
  const vm = { id: 'vm', name: 'appliance', state: 'Running', nic: [], tags: [] } as unknown as VirtualMachine;
  const expected = { applianceId: 'vm', site: 'qc', zone, keyOwner: undefined, owner: {} };

  test('in another zone: named, by name or id', () => {
    const elsewhere = refusalOf(judgeAppliance({ ...vm, zoneid: 'z', zonename: 'West' }, expected));
    expect(elsewhere?.code).toBe('appliance-elsewhere');
    expect(elsewhere?.message).toContain('zone West');
    expect(refusalOf(judgeAppliance({ ...vm, zoneid: 'z' }, expected))?.message).toContain('zone z');
    expect(refusalOf(judgeAppliance({ ...vm, zoneid: 'zone-1' }, expected))).toBeUndefined();
  });

  test('an unknown site zone refuses nothing here: that is said once, of the site', () => {
    expect(refusalOf(judgeAppliance({ ...vm, zoneid: 'z' }, { ...expected, zone: undefined }))).toBeUndefined();
  });

  test('snapshots of the VM are named; where they may not be listed nothing is claimed', () => {
    expect(judgeVmSnapshots(vm, undefined)).toBeUndefined();
    expect(judgeVmSnapshots(vm, [])).toBeUndefined();
    const refusal = judgeVmSnapshots(vm, [
      { id: 's1', name: '', state: 'Ready' },
      { id: 's2', name: 'b', state: 'Error' },
      { id: 's3', name: 'i-2-VM_VS', displayname: 'mine', state: 'Ready' },
    ]);
    expect(refusal?.message).toContain('(s1, b, mine)');
  });
});

describe('limits, as properties', () => {
  const count = fc.nat(1000);

  test('slots are refused exactly when more are needed than are free, and the free ones are never negative', () => {
    fc.assert(
      fc.property(count, count, count, (limit, taken, needed) => {
        const refusal = judgeSlots({ applianceId: 'a', limit, taken, needed });
        expect(refusal === undefined).toBe(needed <= Math.max(limit - taken, 0));
        if (refusal !== undefined)
          expect(refusal.record.fields).toMatchObject({ free: Math.max(limit - taken, 0), needed });
      }),
    );
  });

  test('an account is refused exactly what goes over its limit; unlimited, unknown and nothing needed never are', () => {
    const limit = fc.oneof(count.map(String), fc.constantFrom('Unlimited', '-1'));
    fc.assert(
      fc.property(count, limit, count, (used, text, needed) => {
        const quotas = quotaOf({
          id: 'i',
          name: 'n',
          accounttype: 0,
          domainid: 'd',
          volumetotal: used,
          volumelimit: text,
        });
        const most = Number(text) >= 0 ? Number(text) : Infinity;
        const refused = judgeQuota(quotas, { volumes: needed, gib: 5 }, 'qc');
        expect(refused.map(({ code }) => code)).toEqual(needed > 0 && used + needed > most ? ['quota-exceeded'] : []);
      }),
    );
    expect(judgeQuota(undefined, { volumes: 9, gib: 9 }, 'qc')).toEqual([]);
  });
});

test.each([
  ['4.22.1.0', 'seen'],
  ['4.22.1.3-SNAPSHOT', 'seen'],
  ['4.22.10.0', 'read about'],
  ['4.22.0.0', 'read about'],
  ['4.18.2.1', 'read about'],
  ['4.23.0.0', 'read about'],
  ['4.17.0.0', 'unknown'],
  ['4.180.0.0', 'unknown'],
  ['5.0.0.0', 'unknown'],
  ['', 'unknown'],
])('release %s is %s', (version, knowledge) => {
  expect(releaseKnowledge(version)).toBe(knowledge);
});

describe("CloudStack's errors as failures", () => {
  const error = (fields: object, options?: ErrorOptions): CloudStackError =>
    new CloudStackError(
      { kind: 'unavailable', command: 'listZones', endpoint: 'https://c/client/api', text: 'x', ...fields },
      options,
    );
  const caused = (code: string): ErrorOptions => ({
    cause: new Error('deep', { cause: Object.assign(new Error(), { code }) }),
  });

  test.each<[string, unknown, string | undefined]>([
    ['a certificate of nobody', error({}, caused('DEPTH_ZERO_SELF_SIGNED_CERT')), 'tls-refused'],
    ['a certificate of an unknown authority', error({}, caused('UNABLE_TO_VERIFY_LEAF_SIGNATURE')), 'tls-refused'],
    ['a certificate of another host', error({}, caused('ERR_TLS_CERT_ALTNAME_INVALID')), 'tls-refused'],
    ['a certificate that has expired', error({}, caused('CERT_HAS_EXPIRED')), 'tls-refused'],
    ['nobody there', error({}, caused('ECONNREFUSED')), 'cloudstack-unavailable'],
    ['a wrong key', error({ kind: 'unauthorized', errorCode: 401 }), 'unauthorized'],
    ['a command that the role lacks', error({ kind: 'unauthorized', errorCode: 432 }), 'command-forbidden'],
    ['a lost answer', error({ kind: 'outcome-unknown' }), 'cloudstack-outcome-unknown'],
    ["a command's own refusal", error({ kind: 'refused' }), undefined],
    ['no error of CloudStack', new Error('x'), undefined],
  ])('%s', (_what, met, code) => {
    expect(cloudStackFailure(met, 'qc')?.code).toBe(code);
  });
});

describe('wrapping', () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,15}$/), { minLength: 1, maxLength: 30 });

  test('keeps every word in its order, and no line is wider unless it is one word', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 5, max: 40 }), (text, width) => {
        const lines = wrapText(text.join(' '), width);
        expect(lines.join(' ')).toBe(text.join(' '));
        for (const line of lines) expect(line.length <= width || !line.includes(' ')).toBe(true);
      }),
    );
  });

  test('puts further lines below the first', () => {
    expect(labelled('  - ', 'one two three', 10)).toEqual(['  - one', '    two', '    three']);
  });
});
