/** How the questions reach the database, whichever it is. */

export type Parameter = string | number | null | Uint8Array;

/** Asks by one statement with `?` parameters. */
export type Query = <Row>(sql: string, parameters?: readonly Parameter[]) => Promise<readonly Row[]>;

/** Changes by one statement with `?` parameters; `rows` are what it returns. */
export type Change = <Row>(
  sql: string,
  parameters: readonly Parameter[],
) => Promise<{ readonly rows: readonly Row[]; readonly count: number }>;

/** The first row of an answer. */
export const firstOf =
  (query: Query) =>
  async <Row>(sql: string, parameters: readonly Parameter[] = []): Promise<Row | undefined> =>
    (await query<Row>(sql, parameters))[0];

/** Ascending, by code unit. */
export const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The statement with `$1`, `$2` … in place of its `?`, as PostgreSQL wants them. No text in a statement holds a `?`. */
export function numbered(sql: string): string {
  let n = 0;
  return sql.replaceAll('?', () => {
    n += 1;
    return `$${n}`;
  });
}
