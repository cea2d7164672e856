import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";
import type { Fleet } from "./fleet.ts";

export const themes = ["Light", "Dark"] as const;
export const widths = [1440, 390] as const;
const HEIGHT = 900;

export async function signIn(page: Page, fleet: Fleet): Promise<void> {
  await page.goto(fleet.dev.webUrl);
  await page.getByLabel("Email").fill(fleet.dev.email);
  await page.getByLabel("Password").fill(fleet.dev.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
}

/** What a theme can break: the rest of a page's accessibility is the same in both. */
const THEME_RULES = ["color-contrast"];

/** The page's violations in words; one document without foreign frames needs no second page to gather results in. */
async function violationsOf(page: Page, rules: readonly string[] | null): Promise<string[]> {
  const builder = new AxeBuilder({ page }).setLegacyMode(true);
  const { violations } = await (rules === null ? builder : builder.withRules([...rules])).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
}

/** No accessibility violation and no sideways scrolling, in both themes and both widths; a screenshot of each. */
export async function inspect(page: Page, name: string): Promise<void> {
  for (const theme of themes) {
    await page.getByLabel("Colour theme").selectOption({ label: theme });
    for (const width of widths) {
      await page.setViewportSize({ width, height: HEIGHT });
      await page.screenshot({
        path: `test-results/screens/${name}-${width}-${theme.toLowerCase()}.png`,
        fullPage: true,
      });
      const sideways = await page.evaluate<number>(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      expect(sideways, `${name} scrolls sideways at ${width}`).toBeLessThanOrEqual(0);
    }
    const rules = theme === themes[0] ? null : THEME_RULES;
    expect(await violationsOf(page, rules), `${name} in ${theme}`).toEqual([]);
  }
  await page.setViewportSize({ width: widths[0], height: HEIGHT });
}
