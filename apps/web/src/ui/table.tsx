"use client";
import { type ColumnDef, flexRender, getCoreRowModel, useReactTable } from "@tanstack/react-table";
import clsx from "clsx";
import type { ReactNode } from "react";

declare module "@tanstack/react-table" {
  interface ColumnMeta<TData, TValue> {
    /** Numbers are set flush right. */
    numeric?: boolean;
    /** Left out on a narrow screen, where the row's page shows it. */
    wideOnly?: boolean;
  }
}

/** The one table. Scrolls sideways inside its own focusable box, so that the page never does. */
export function DataTable<Row>(props: {
  caption: string;
  rows: readonly Row[];
  // biome-ignore lint/suspicious/noExplicitAny: the library's own type for columns of mixed value types.
  columns: ColumnDef<Row, any>[];
  rowKey: (row: Row) => string;
  empty: ReactNode;
  rowClass?: (row: Row) => string | undefined;
}) {
  "use no memo";
  const table = useReactTable({
    data: props.rows as Row[],
    columns: props.columns,
    getRowId: props.rowKey,
    getCoreRowModel: getCoreRowModel(),
  });
  if (props.rows.length === 0) return props.empty;
  const cell = (meta: { numeric?: boolean; wideOnly?: boolean } | undefined) =>
    clsx("px-3 py-1.5 align-top", meta?.numeric && "text-right", meta?.wideOnly && "max-md:hidden");
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard.
    <section className="relative overflow-x-auto" tabIndex={0} aria-label={`${props.caption}, table`}>
      <table className="w-full border-collapse">
        <caption className="sr-only">{props.caption}</caption>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id} className="border-b border-line text-left text-muted">
              {group.headers.map((header) => (
                <th
                  key={header.id}
                  scope="col"
                  className={clsx(cell(header.column.columnDef.meta), "font-medium whitespace-nowrap")}
                >
                  {flexRender(header.column.columnDef.header, header.getContext())}
                </th>
              ))}
            </tr>
          ))}
        </thead>
        <tbody>
          {table.getRowModel().rows.map((row) => (
            <tr
              key={row.id}
              className={clsx(
                "border-b border-line last:border-b-0 hover:bg-sunken/60",
                props.rowClass?.(row.original),
              )}
            >
              {row.getVisibleCells().map((item) => (
                <td key={item.id} className={cell(item.column.columnDef.meta)}>
                  {flexRender(item.column.columnDef.cell, item.getContext())}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
