import { z } from 'zod';
import type { CallOptions } from './api';
import { number } from './answer-fields';
import { CloudStackError, isCloudStackError } from './errors';
import type { RequestParameters } from './sign';
import type { SignedCalls } from './signed-calls';
import { understand } from './understand';

/** Default and greatest page of a server (`default.page.size`); one that allows less says so in its refusal. */
const usualPageSize = 500;
const mostPasses = 4;

/** What is listed: the command, the name of the array in its answer, the shape of an item. */
export interface Listing<Item extends object> {
  readonly command: string;
  readonly array: string;
  readonly item: z.ZodType<Item>;
  /** the fields that tell a row from another; `id` when left out */
  readonly key?: readonly string[];
}

/**
 * Everything that a list command finds, page by page.
 *
 * Pages are cut from a list that changes meanwhile: when something is deleted, an item slips to the page before and is missed. A
 * missing volume would be taken for a deleted one, so the list is read again when its count changed between pages.
 *
 * @throws CloudStackError `unavailable` when the list kept changing or an answer was not understood, and what reads throw
 */
export async function listAll<Item extends object>(
  calls: SignedCalls,
  listing: Listing<Item>,
  parameters: RequestParameters,
  options: CallOptions = {},
): Promise<Item[]> {
  const readPage = (page: number, pageSize: number) =>
    fetchPage(calls, listing, { ...parameters, page: String(page), pagesize: String(pageSize) }, options);

  let pageSize = usualPageSize;
  const readFirstPage = async () => {
    try {
      return await readPage(1, pageSize);
    } catch (error) {
      const allowed = allowedPageSize(error);
      if (allowed === undefined || allowed >= pageSize) throw error;
      pageSize = allowed;
      return readPage(1, pageSize);
    }
  };

  for (let pass = 1; pass <= mostPasses; pass++) {
    const first = await readFirstPage();
    if (first.rows.length < pageSize) return first.rows.map(([, item]) => item);
    const found = new Map(first.rows);
    let last = first;
    for (let page = 2; last.rows.length >= pageSize && last.count === first.count; page++) {
      last = await readPage(page, pageSize);
      for (const [key, item] of last.rows) found.set(key, item);
    }
    if (last.count === first.count && found.size >= (first.count ?? 0)) return [...found.values()];
  }
  throw new CloudStackError({
    kind: 'unavailable',
    command: listing.command,
    endpoint: calls.endpoint,
    text: `the list changed while it was read, ${String(mostPasses)} times in a row`,
  });
}

interface Page<Item> {
  /** length of the whole list; not every server sends it */
  readonly count: number | undefined;
  readonly rows: readonly (readonly [key: string, Item])[];
}

const pageSchema = z.object({ count: number.optional(), rows: z.array(z.unknown()).default([]) });

/** Nothing found is `{}`, a page beyond the end `{"count": N}`. */
async function fetchPage<Item extends object>(
  calls: SignedCalls,
  { command, array, item, key = ['id'] }: Listing<Item>,
  parameters: RequestParameters,
  options: CallOptions,
): Promise<Page<Item>> {
  const content = await calls.send(command, 'read', parameters, options);
  const page = { count: content['count'], rows: content[array] };
  const { count, rows } = understand(calls, command, 'read', pageSchema, page);
  return {
    count,
    rows: rows.map((row) => {
      const understood = understand(calls, command, 'read', item, row);
      return [keyOf(understood, key), understood];
    }),
  };
}

function keyOf(item: object, names: readonly string[]): string {
  const fields = new Map<string, unknown>(Object.entries(item));
  return JSON.stringify(names.map((name) => fields.get(name)));
}

/** 431 `Page size can't exceed max allowed page size value: 200`, where `default.page.size` was lowered. */
function allowedPageSize(error: unknown): number | undefined {
  if (!isCloudStackError(error, 'refused')) return undefined;
  const allowed = /page size\D*(\d+)/i.exec(error.text)?.[1];
  return allowed === undefined ? undefined : Number(allowed);
}
