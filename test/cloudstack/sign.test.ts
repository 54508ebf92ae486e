import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalString, encodeValue, signature, signedForm } from '../../cloudstack/sign';

/** The public example pair of CloudStack's documentation. */
const apikey = 'plgWJfZK4gyS3mOMTVmjUVg-X-jlWlnfaUJ9GAbBbf9EdM-kAYMmAiLqzzq1ElZLYq_u38zCm0bewzGUdP66mg';
const secret = 'VDaACYb0LV9eNjTetIOElcVQkvJck_J_QljX_FcHRj87ZKiy0z0ty0ZsYBkoXkY9b7eq1EhwJaw7FF3akA3KBQ';

describe("signatures computed by the server's own code (Java)", () => {
  const vectors: [string, Record<string, string>, string][] = [
    ['of the documentation', { command: 'listUsers', response: 'json' }, 'TTpdDq/7j/J58XCRHomKoQXEQds='],
    [
      'with characters that Java and JavaScript encode differently',
      { command: 'createVolume', response: 'json', name: "Disk A+B (1)*~!'", zoneid: 'Z1', size: '20' },
      'x3FXnp5z3BaAuHovBro7+pzuFOs=',
    ],
    [
      'with a map and characters beyond ASCII',
      {
        command: 'createTags',
        response: 'json',
        resourcetype: 'Volume',
        resourceids: 'v1,v2',
        'tags[0].key': 'mig:run/id',
        'tags[0].value': 'é€ 1',
      },
      'eS4bN+ddAmTyL4C9JQcBEEuek9A=',
    ],
    [
      'with an expiry and an empty value',
      {
        command: 'listVolumes',
        response: 'json',
        signatureVersion: '3',
        expires: '2030-01-01T00:00:00+0000',
        listall: 'true',
        name: '',
      },
      '2mZMDd669uNsSCQ8dxfVDXkD8bk=',
    ],
  ];

  test.each(vectors)('%s', (_what, parameters, expected) => {
    expect(signature({ ...parameters, apiKey: apikey }, secret)).toBe(expected);
  });
});

describe('encodeValue', () => {
  test("leaves of all printable ASCII only what Java's URLEncoder leaves", () => {
    const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
    expect(printable.filter((character) => encodeValue(character) === character).join('')).toBe(
      '*-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz',
    );
    expect(encodeValue("~!'() +")).toBe('%7E%21%27%28%29%20%2B');
  });

  test('is URLEncoder by its definition, byte by byte, for every string', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(encodeValue(value)).toBe(encodeByDefinition(value));
      }),
    );
  });

  test('is URLEncoder by its definition for any UTF-16 at all, halves of surrogate pairs among it', () => {
    const unit = fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd800, max: 0xdfff }));
    fc.assert(
      fc.property(fc.string({ unit: unit.map((code) => String.fromCharCode(code)) }), (value) => {
        expect(encodeValue(value)).toBe(encodeByDefinition(value));
      }),
      { numRuns: 1_000 },
    );
  });

  test('is URLEncoder by its definition for every code point of Unicode', () => {
    const wrong: number[] = [];
    for (let from = 0; from <= 0x10ffff; from += 0x100) {
      const block = Array.from({ length: 0x100 }, (_, index) => from + index);
      // a code point between others, so that the halves of surrogates (D800 to DFFF) stay halves
      const value = block.map((code) => `${String.fromCodePoint(code)}.`).join('');
      if (encodeValue(value) !== encodeByDefinition(value)) wrong.push(from);
    }
    expect(wrong).toEqual([]);
  });

  test('decodes to what it was given, for every string', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(new URLSearchParams(`v=${encodeValue(value)}`).get('v')).toBe(value);
      }),
    );
  });

  test('signs and sends half a surrogate pair as the same replacement character', () => {
    expect(encodeValue('a\uD83D')).toBe('a%EF%BF%BD');
    expect(encodeValue('\uDE00\uD83D\uDE00')).toBe('%EF%BF%BD%F0%9F%98%80');
  });
});

describe('canonicalString', () => {
  test('sorts by name, leaves names as they are, lower-cases all', () => {
    expect(canonicalString({ 'tags[0].key': 'K', name: 'A B', Zone: 'z' })).toBe('zone=z&name=a%20b&tags[0].key=k');
  });

  test('leaves the signature out, however it is spelt', () => {
    expect(canonicalString({ a: '1', Signature: 'x', signature: 'y' })).toBe('a=1');
  });
});

test('the form decodes to the parameters and their signature', () => {
  const values = fc.dictionary(fc.string({ minLength: 1 }), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(values, (parameters) => {
      fc.pre(!Object.keys(parameters).some((name) => name.toLowerCase() === 'signature' || name === '__proto__'));
      const decoded = Object.fromEntries(new URLSearchParams(signedForm(parameters, secret)));
      expect(decoded).toEqual({ ...parameters, signature: signature(parameters, secret) });
    }),
  );
});

/** The rule in words of Java's documentation: bytes of UTF-8, `a-z A-Z 0-9 . - * _` as they are, the rest as %XY. */
function encodeByDefinition(value: string): string {
  return Array.from(Buffer.from(value, 'utf8'), (byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9.*_-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}
