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

/** On a phone, where it stacks, each field stands in a line of its own behind its column's name, and nothing lies beyond the edge. */
const stacked = {
  table: "max-sm:block",
  head: "max-sm:sr-only",
  body: "max-sm:block",
  row: "max-sm:block max-sm:py-2",
  cell: "max-sm:flex max-sm:py-1 max-sm:before:w-24 max-sm:before:shrink-0 max-sm:before:pr-3 max-sm:before:text-muted max-sm:before:content-[attr(data-label)] max-sm:empty:hidden max-sm:data-[label='']:before:hidden",
} as const;

/** The one table. Scrolls sideways inside its own focusable box, so that the page never does; or stacks. */
export function DataTable<Row>(props: {
  caption: string;
  rows: readonly Row[];
  // biome-ignore lint/suspicious/noExplicitAny: the library's own type for columns of mixed value types.
  columns: ColumnDef<Row, any>[];
  rowKey: (row: Row) => string;
  empty: ReactNode;
  rowClass?: (row: Row) => string | undefined;
  /** For rows that one reads and acts on one by one, and does not compare. */
  stacks?: boolean;
}) {
  "use no memo";
  const table = useReactTable({
    data: props.rows as Row[],
    columns: props.columns,
    getRowId: props.rowKey,
    getCoreRowModel: getCoreRowModel(),
  });
  if (props.rows.length === 0) return props.empty;
  const onPhone = (part: keyof typeof stacked) => (props.stacks ? stacked[part] : undefined);
  const cell = (meta: { numeric?: boolean; wideOnly?: boolean } | undefined) =>
    clsx("px-3 py-1.5 align-top", meta?.numeric && "text-right", meta?.wideOnly && "max-md:hidden");
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard.
    <section className="relative overflow-x-auto" tabIndex={0} aria-label={`${props.caption}, table`}>
      <table className={clsx("w-full border-collapse", onPhone("table"))}>
        <caption className="sr-only">{props.caption}</caption>
        <thead className={onPhone("head")}>
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
        <tbody className={onPhone("body")}>
          {table.getRowModel().rows.map((row) => (
            <tr
              key={row.id}
              className={clsx(
                "border-b border-line last:border-b-0 hover:bg-sunken/60",
                onPhone("row"),
                props.rowClass?.(row.original),
              )}
            >
              {row.getVisibleCells().map((item) => (
                <td
                  key={item.id}
                  className={clsx(cell(item.column.columnDef.meta), onPhone("cell"))}
                  data-label={props.stacks ? labelOf(item.column.columnDef.header) : undefined}
                >
                  {props.stacks ? (
                    <div className="min-w-0 [overflow-wrap:anywhere]">
                      {flexRender(item.column.columnDef.cell, item.getContext())}
                    </div>
                  ) : (
                    flexRender(item.column.columnDef.cell, item.getContext())
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** A header that is no text names nothing that could stand in front of a field. */
const labelOf = (header: unknown): string => (typeof header === "string" ? header : "");
