/** `env=prod|staging, team=pay` as a scope; null when it is none. What it may hold, the server says. */
export function readScope(text: string): Record<string, string[]> | null {
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (parts.length === 0) return null;
  const scope: [string, string[]][] = [];
  for (const part of parts) {
    const [name = "", values = "", ...rest] = part.split("=").map((each) => each.trim());
    const list = values.split("|").map((value) => value.trim());
    if (name === "" || rest.length > 0 || list.some((value) => value === "")) return null;
    scope.push([name, list]);
  }
  return Object.fromEntries(scope);
}
