import type { z } from 'zod';

/**
 * Words for what zod finds wrong, to stand after the name of a field: `is missing; it must be a string`. Given to `safeParse` as
 * its `error`; a schema's own message wins over it.
 */
export const problemWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? `is missing; it must be ${kindWords(issue.expected)}`
        : `must be ${kindWords(issue.expected)}, not ${shown(issue.input)}`;
    case 'invalid_value':
      return `${issue.input === undefined ? 'is missing; it ' : ''}must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}${
        issue.input === undefined ? '' : `, not ${shown(issue.input)}`
      }`;
    case 'invalid_union':
      return issue.discriminator !== undefined
        ? `must have a known "${issue.discriminator}"`
        : 'is none of the forms that are allowed here';
    case 'too_small':
      return `must be at least ${String(issue.minimum)}${unitWords(issue.origin)}, not ${shown(issue.input)}`;
    case 'too_big':
      return `must be at most ${String(issue.maximum)}${unitWords(issue.origin)}, not ${shown(issue.input)}`;
    default:
      return undefined;
  }
};

function kindWords(expected: string): string {
  switch (expected) {
    case 'int':
      return 'a whole number';
    case 'object':
    case 'record':
      return 'a table of fields';
    case 'array':
      return 'a list';
    case 'boolean':
      return 'true or false';
    default:
      return `a ${expected}`;
  }
}

function unitWords(origin: string): string {
  if (origin === 'string') return ' characters long';
  return origin === 'array' ? ' entries long' : '';
}

function shown(input: unknown): string {
  if (Array.isArray(input)) return 'a list';
  if (input !== null && typeof input === 'object') return 'a table of fields';
  if (input === undefined) return 'nothing';
  const text = JSON.stringify(input);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
