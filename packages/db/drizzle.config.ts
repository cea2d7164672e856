import { defineConfig } from "drizzle-kit";

/** `npx drizzle-kit generate --name what-it-does` from this folder; then write what it cannot say by `--custom`. */
export default defineConfig({ dialect: "postgresql", schema: "./src/schema/index.ts", out: "./drizzle" });
