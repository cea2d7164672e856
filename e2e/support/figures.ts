import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, type Page } from "@playwright/test";
import { writesFigures } from "./env.ts";

const folder = fileURLToPath(new URL("../../docs/images", import.meta.url));
/** A document is read over slow lines too, and its pictures are kept in the history of the repository. */
const BYTES_MAX = 200 * 1024;
const SIZE = { width: 1200, height: 820 };
/** For a page with a few rows. */
export const LOW = { width: 1200, height: 460 };

/** A picture for a document, taken where a story stands; the story itself goes on as if nothing had happened. */
export async function figure(page: Page, name: string, size = SIZE): Promise<void> {
  if (!writesFigures()) return;
  const before = page.viewportSize();
  const theme = page.getByLabel("Colour theme");
  const dialogOpen = (await page.getByRole("dialog").count()) > 0;
  // The pages before the sign-in have none and follow the system.
  if (!dialogOpen && (await theme.count()) > 0) await theme.selectOption({ label: "Light" });
  await page.setViewportSize(size);
  const picture = await page.screenshot({
    path: join(folder, `${name}.png`),
    animations: "disabled",
    caret: "hide",
    scale: "css",
  });
  expect(picture.byteLength, `${name}.png`).toBeLessThanOrEqual(BYTES_MAX);
  if (before !== null) await page.setViewportSize(before);
}
