import type { RoleMapping } from "@creel/core";

/** One line of `group = role` pairs; a team stands behind the role as `role @ team id`. */
export const mappingLines = (mapping: readonly RoleMapping[]): string =>
  mapping.map(({ value, role, teamId }) => `${value} = ${role}${teamId === null ? "" : ` @ ${teamId}`}`).join("; ");

/** The mapping, or what is wrong with it in words. */
export const readMapping = (text: string): RoleMapping[] | string => {
  const mapping: RoleMapping[] = [];
  for (const piece of text.split(";").filter((one) => one.trim() !== "")) {
    const at = piece.lastIndexOf("=");
    const [role = "", teamId] = piece
      .slice(at + 1)
      .split("@")
      .map((one) => one.trim());
    const value = piece.slice(0, Math.max(at, 0)).trim();
    if (value === "" || role === "") return `Write “group = role”, not “${piece.trim()}”.`;
    mapping.push({ value, role, teamId: teamId ?? null });
  }
  return mapping;
};
