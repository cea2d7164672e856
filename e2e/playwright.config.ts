import { defineConfig } from "@playwright/test";
import { findChromium } from "./support/chromium.ts";

const { executablePath, args, env } = findChromium();

export default defineConfig({
  testDir: "specs",
  outputDir: "../test-results/playwright",
  // One fleet at a time: each test file starts a whole deployment, and two cores are what CI has.
  workers: 1,
  fullyParallel: false,
  timeout: 180_000,
  expect: { timeout: 20_000 },
  retries: 0,
  forbidOnly: true,
  use: {
    viewport: { width: 1440, height: 900 },
    launchOptions: { executablePath, args, env: { ...process.env, ...env } as Record<string, string> },
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
  },
});
