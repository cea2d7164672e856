import type { Register } from "../register.ts";

/** `creel login` and `creel logout`: a token that a person confirms on a page, kept for this user alone. */
export const registerLogin: Register = (program, io, finish) => {
  program
    .command("login")
    .description("sign this command line in: shows a code that you confirm in a browser")
    .option("--url <url>", "where Creel runs; else CREEL_URL, the last login, or the deployment here")
    .option("--json", "two JSON lines: the code, and in the end whose login it is")
    .addHelpText(
      "after",
      "\nThe login ends by itself, by `creel logout`, and when you sign out everywhere or change your password.\nIt never votes. CREEL_TOKEN goes before it. What a token may do: docs/sign-in.md",
    )
    .action(async (options: { url?: string; json?: boolean }) => {
      const { login } = await import("./login.ts");
      finish(await login({ url: options.url, json: options.json === true }, io));
    });
  program
    .command("logout")
    .description("end this command line's login, here and at the server")
    .action(async () => {
      const { logout } = await import("./logout.ts");
      finish(await logout(io));
    });
};
