import { invalidQuery } from './apiErrors';

const MAX_LIMIT = 100;

export interface Page<T> {
  readonly items: readonly T[];
  readonly next_page_id: string | null;
}

/** One page, from `page_id` and `limit` of a query. A page id that the server cannot read starts at the beginning. */
export function pageOf<T>(items: readonly T[], query: (name: string) => string | undefined): Page<T> {
  const limit = limitOf(query('limit'));
  const offset = Number.parseInt(query('page_id') ?? '0', 10) || 0;
  const end = offset + limit;
  return { items: items.slice(offset, end), next_page_id: end < items.length ? String(end) : null };
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return MAX_LIMIT;
  const input = text;
  if (!/^-?\d+$/.test(text)) {
    const msg = 'Input should be a valid integer, unable to parse string as an integer';
    throw invalidQuery('limit', { type: 'int_parsing', msg, input });
  }
  const limit = Number(text);
  if (limit < 1) {
    const msg = 'Input should be greater than or equal to 1';
    throw invalidQuery('limit', { type: 'greater_than_equal', msg, input, ctx: { ge: 1 } });
  }
  if (limit > MAX_LIMIT) {
    const msg = `Input should be less than or equal to ${MAX_LIMIT}`;
    throw invalidQuery('limit', { type: 'less_than_equal', msg, input, ctx: { le: MAX_LIMIT } });
  }
  return limit;
}
