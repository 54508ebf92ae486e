import type { SchemaProblem } from '../../database/schema-error';
import { type Finding, finding } from '../../domain/findings';
import type { View } from '../view';

const words: Readonly<Record<Exclude<SchemaProblem, 'foreign'>, string>> = {
  missing: 'not there: it was never migrated',
  pending: 'older than this release: migrations are not applied',
  unknown: 'newer than this release: migrations are applied that it does not know',
  differs: 'not as the last migration left it',
  adopting: 'being adopted from the older installation',
  locked: 'being migrated',
};

/** Schema drift, tables that cannot be read, rows that make no sense. */
export function judgeSchema({ survey, site }: View): Finding[] {
  if (survey === undefined) return [];
  const { schema, unreadableTables, unreadableRows, adoption } = survey;
  // It explains the rest, and what would mend that would be the wrong thing to do.
  if (adoption?.state === 'begun' && !adoption.atWork) return [];
  if (schema?.problem === 'foreign') {
    // Of another system's tables it is known already why they are not like ours.
    const tables = shortened(schema.details);
    return [finding('schema-foreign', { site, subject: 'database', evidence: schema.details }, { tables })];
  }
  const drift =
    schema === undefined
      ? []
      : [
          finding(
            'schema-drift',
            { site, subject: schema.problem, evidence: schema.details },
            { problem: words[schema.problem], details: shortened(schema.details) },
          ),
        ];
  return [
    ...drift,
    ...unreadableTables.map(({ table, cause }) =>
      finding('table-unreadable', { site, subject: table }, { table, cause }),
    ),
    ...unreadableRows.map(({ table, key, problem }) =>
      finding('row-unreadable', { site, subject: `${table}/${key}` }, { table, key, problem }),
    ),
  ];
}

const SHOWN = 3;

function shortened(details: readonly string[]): string {
  if (details.length === 0) return 'there are no tables';
  const more = details.length > SHOWN ? `; and ${String(details.length - SHOWN)} more` : '';
  return `${details.slice(0, SHOWN).join('; ')}${more}`;
}
