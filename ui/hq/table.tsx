/** A table that can be read by eye and by ear, and scrolls by itself where it is too wide. */
import type { ComponentChildren } from 'preact';

type TableProps = {
  /** What it lists, for those who hear it. */
  name: string;
  columns: readonly string[];
  /** Columns of figures, after the others. */
  numbers?: readonly string[];
  /** Said where there are no rows. */
  empty: string;
  children: readonly ComponentChildren[];
};

export function Table({ name, columns, numbers = [], empty, children }: TableProps) {
  if (children.length === 0) return <p class="quiet">{empty}</p>;
  return (
    <section class="table" aria-label={name}>
      <table>
        <thead>
          <tr>
            {columns.map(column => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
            {numbers.map(column => (
              <th key={column} scope="col" class="number">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
