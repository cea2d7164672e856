import type { WaysIn } from "@creel/core";
import { useRef, useState } from "react";

const PASSWORD_ALONE: WaysIn = { provider: null, password: true };

/** How somebody with this address may come in; a password while nothing else is known. */
export const useWays = () => {
  const [ways, setWays] = useState<WaysIn>(PASSWORD_ALONE);
  const asked = useRef("");
  const ask = async (email: string): Promise<void> => {
    if (email === asked.current) return;
    asked.current = email;
    if (!email.includes("@")) return setWays(PASSWORD_ALONE);
    try {
      const answer = await fetch("/api/auth/sso/ways", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ email }),
      });
      const found = answer.ok ? asWays(await answer.json()) : PASSWORD_ALONE;
      if (asked.current === email) setWays(found);
    } catch {
      // The password's own attempt says what is wrong with the connection.
      asked.current = "";
    }
  };
  return { ways, ask };
};

/** Our own route answers this and nothing else. */
const asWays = (answer: unknown) => answer as WaysIn;
