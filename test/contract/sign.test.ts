import { describe, expect, test } from '@jest/globals';
import { sign } from '../../contract/caller';

const apiKey = 'plgWJfZK4gyS3mOMTVmjUVg-X-jlWlnfaUJ9GAbBbf9EdM-kAYMmAiLqzzq1ElZLYq_u38zCm0bewzGUdP66mg';
const secretKey = 'VDaACYb0LV9eNjTetIOElcVQkvJck_J_QljX_FcHRj87ZKiy0z0ty0ZsYBkoXkY9b7eq1EhwJaw7FF3akA3KBQ';

/** The public example pair of CloudStack's documentation; computed with Java's URLEncoder (reference §1.2). */
describe('signature vectors', () => {
  test.each<[Record<string, string>, string]>([
    [{ command: 'listUsers', response: 'json' }, 'TTpdDq/7j/J58XCRHomKoQXEQds='],
    [
      { command: 'createVolume', response: 'json', name: "Disk A+B (1)*~!'", zoneid: 'Z1', size: '20' },
      'x3FXnp5z3BaAuHovBro7+pzuFOs=',
    ],
    [
      {
        ...{ command: 'createTags', response: 'json', resourcetype: 'Volume', resourceids: 'v1,v2' },
        ...{ 'tags[0].key': 'mig:run/id', 'tags[0].value': 'é€ 1' },
      },
      'eS4bN+ddAmTyL4C9JQcBEEuek9A=',
    ],
    [
      {
        ...{ command: 'listVolumes', response: 'json', signatureVersion: '3', listall: 'true', name: '' },
        expires: '2030-01-01T00:00:00+0000',
      },
      '2mZMDd669uNsSCQ8dxfVDXkD8bk=',
    ],
  ])('%j', (parameters, signature) => {
    expect(sign({ ...parameters, apiKey }, secretKey)).toBe(signature);
  });
});
