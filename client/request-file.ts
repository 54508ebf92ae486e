import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { failure } from '../domain/failures';
import { problemWords } from '../domain/problem-words';
import { describeProblems, replicationRequestSchema, type ReplicationRequest } from '../domain/request';

/**
 * Checks a request and fills in its defaults.
 *
 * @throws DiskferryFailure `request-invalid` naming each field and what would be right; retrying does not help
 */
export function parseRequest(value: unknown): ReplicationRequest {
  const parsed = replicationRequestSchema.safeParse(value, { error: problemWords });
  if (parsed.success) return parsed.data;
  throw failure('request-invalid', { problems: describeProblems(parsed.error).join('; ') });
}

/** Reads a request from a JSON file, or from standard input when the name is `-`. Throws as {@link parseRequest} does. */
export async function readRequestFile(file: string): Promise<ReplicationRequest> {
  let content: string;
  try {
    content = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(error);
    throw failure('request-invalid', { problems: `${file}: ${reason}` }, { cause: error });
  }
  try {
    return parseRequest(JSON.parse(content));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw failure('request-invalid', { problems: `${file} is no JSON: ${error.message}` }, { cause: error });
  }
}
