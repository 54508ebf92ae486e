import { describe, expect, test } from '@jest/globals';
import { DatabaseUnavailableError, type UnavailableKind } from '../../database/errors';
import { SchemaError, type SchemaProblem } from '../../database/schema-error';
import { translateDatabaseError } from '../../worker/database-failure';

const translated = (error: Error): Promise<unknown> =>
  translateDatabaseError(() => Promise.reject(error)).catch((failure: unknown) => failure);

describe('errors of the database in the words of the failure table', () => {
  test.each<[UnavailableKind, string]>([
    ['unreachable', 'database-unavailable'],
    ['busy', 'database-unavailable'],
    ['access-denied', 'database-refuses'],
    ['unknown-database', 'database-refuses'],
  ])('%s is %s, and waits', async (kind, code) => {
    const error = await translated(new DatabaseUnavailableError(kind, 'mysql://u@h/d', 'its own words'));
    expect(error).toMatchObject({ record: { code, class: 'unavailable' } });
    expect(error).toMatchObject({ message: expect.stringContaining('its own words') });
  });

  test.each<[SchemaProblem, string, string]>([
    ['foreign', 'schema-foreign', 'diskferry adopt'],
    ['adopting', 'adoption-refused', 'diskferry adopt --undo'],
    ['missing', 'schema-outdated', 'diskferry migrate'],
    ['pending', 'schema-outdated', 'diskferry migrate'],
    ['differs', 'schema-outdated', 'diskferry migrate'],
  ])('a schema that is %s is %s, and leads to %s', async (problem, code, command) => {
    const error = await translated(new SchemaError(problem, ['device_mappings']));
    expect(error).toMatchObject({
      record: { code, message: expect.stringContaining('device_mappings'), next: expect.stringContaining(command) },
    });
  });

  test('what is none of these comes as it is', async () => {
    const error = new Error('a mistake in this code');
    expect(await translated(error)).toBe(error);
  });
});
