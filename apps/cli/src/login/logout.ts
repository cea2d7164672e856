import { z } from "zod";
import { openApi } from "../api/client.ts";
import { readEnv } from "../env.ts";
import { CliError, EXIT, type ExitCode, messageOf } from "../exit.ts";
import { type Io, line, printable } from "../io.ts";
import { forgetLogin, readLogin, type StoredLogin } from "./store.ts";

/** Ends the token that `creel login` left. Forgotten here in any case; that it may live on there is an error that says until when. */
export async function logout(io: Io): Promise<ExitCode> {
  const env = readEnv();
  const login = readLogin(env);
  if (login === null) {
    io.out(line("There is no login here."));
    return EXIT.done;
  }
  forgetLogin(env);
  const problem = await endAtServer(login);
  if (problem !== null)
    throw new CliError(`forgotten here, but not ended at the server: ${problem}`, {
      place: login.url,
      remedy: `It ends by itself at ${login.expiresAt}; to end it now, revoke it under Settings, Tokens.`,
    });
  io.out(line(printable(`Signed out of ${login.url}.`)));
  return EXIT.done;
}

/** Null when it ended, or had ended before; else what went wrong. */
export async function endAtServer(login: StoredLogin): Promise<string | null> {
  if (Date.parse(login.expiresAt) <= Date.now()) return null;
  try {
    await openApi(login).call(z.unknown(), "DELETE", `/tokens/${login.tokenId}`);
    return null;
  } catch (error) {
    if (error instanceof CliError && error.status === 401) return null;
    return messageOf(error);
  }
}
