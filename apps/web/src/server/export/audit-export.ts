import { type Actor, audit, auditActions, CreelError, type Ctx } from "@creel/core";
import { z } from "zod";
import { logIfUnforeseen } from "../errors/problem.ts";
import { type ExportFormat, exportFormats, headOf, isExportFormat, linesOf } from "./format.ts";

/** Rows in memory at once; the reader asks for the next ones by reading. */
const PAGE_ROWS = 500;
const FILTER_CHARS_MAX = 256;

const asked = z.strictObject({
  format: z.string().default("csv").refine(isExportFormat, "csv or jsonl"),
  action: z.enum(auditActions).optional(),
  actor: z.string().max(FILTER_CHARS_MAX).optional(),
  resource: z.string().max(FILTER_CHARS_MAX).optional(),
});

interface Wanted {
  ctx: Ctx;
  /** Asks again who the reader is; null ends the export. */
  revalidate: () => Promise<Actor | null>;
}

/**
 * The audit trail, newest first, as far back as it goes. Threat: whoever lost the right goes on reading what they began. Invariant:
 * each page is asked for by what the reader holds at that moment, and an export that does not reach its end breaks off visibly.
 */
export async function exportAudit(request: Request, { ctx, revalidate }: Wanted): Promise<Response> {
  const given = asked.safeParse(Object.fromEntries(new URL(request.url).searchParams));
  if (!given.success)
    throw new CreelError(
      "invalid_input",
      `${given.error.issues[0]?.path.join(".")}: ${given.error.issues[0]?.message}`,
    );
  const { format, ...filter } = given.data;
  const read = async (before: string | undefined) =>
    await audit.exportPage({
      ctx: { ...ctx, actor: before === undefined ? ctx.actor : await revalidate() },
      input: { ...filter, ...(before === undefined ? {} : { before }), limit: PAGE_ROWS },
    });
  // The first page is read here, so that a refusal is an answer and not a broken download.
  const first = await read(undefined);
  return new Response(asStream(pages(format, first, read), ctx.requestId), {
    headers: {
      "content-type": exportFormats[format].type,
      "content-disposition": `attachment; filename="audit-${ctx.clock().toISOString().slice(0, 10)}.${exportFormats[format].ending}"`,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "x-request-id": ctx.requestId,
    },
  });
}

type Page = Awaited<ReturnType<typeof audit.exportPage>>;

async function* pages(format: ExportFormat, first: Page, read: (before: string) => Promise<Page>) {
  yield headOf(format);
  let page = first;
  for (;;) {
    yield linesOf(format, page.items);
    if (page.nextBefore === null) return;
    page = await read(page.nextBefore);
  }
}

const asStream = (texts: AsyncGenerator<string>, requestId: string): ReadableStream<Uint8Array> => {
  const encoder = new TextEncoder();
  return new ReadableStream({
    pull: async (controller) => {
      try {
        const next = await texts.next();
        if (next.done) controller.close();
        else controller.enqueue(encoder.encode(next.value));
      } catch (error) {
        logIfUnforeseen(error, { requestId, operation: "audit.export" });
        controller.error(error);
      }
    },
    cancel: async () => void (await texts.return(undefined)),
  });
};
