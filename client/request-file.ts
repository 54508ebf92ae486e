import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { z } from 'zod';
import { failure } from '../domain/failures';
import { problemWords } from '../domain/problem-words';
import { describeProblems, replicationRequestSchema, type ReplicationRequest } from '../domain/request';

/**
 * Checks a document by its schema and fills in its defaults.
 *
 * @throws DiskferryFailure `request-invalid` naming each field and what would be right; retrying does not help
 */
export function parseBy<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value, { error: problemWords });
  if (parsed.success) return parsed.data;
  throw failure('request-invalid', { problems: describeProblems(parsed.error).join('; ') });
}

/** Checks a replication request. Throws as {@link parseBy} does. */
export function parseRequest(value: unknown): ReplicationRequest {
  return parseBy(replicationRequestSchema, value);
}

/** Reads a replication request from a JSON file. Throws as {@link readJsonFile} and {@link parseBy} do. */
export async function readRequestFile(file: string): Promise<ReplicationRequest> {
  return parseRequest(await readJsonFile(file));
}

/**
 * Reads a JSON file, or standard input when the name is `-`.
 *
 * @throws DiskferryFailure `request-invalid` when there is none, or it is no JSON
 */
export async function readJsonFile(file: string): Promise<unknown> {
  let content: string;
  try {
    content = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(error);
    throw failure('request-invalid', { problems: `${file}: ${reason}` }, { cause: error });
  }
  try {
    return JSON.parse(content) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw failure('request-invalid', { problems: `${file} is no JSON: ${error.message}` }, { cause: error });
  }
}
