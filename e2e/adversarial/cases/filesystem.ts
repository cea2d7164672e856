import { calls, groupOf, sh } from "../attack.ts";
import type { Case } from "../model.ts";
import { keptSecret, neverPrints, refused } from "../witness.ts";

const attack = groupOf("filesystem");
const read = { promise: "files-read", expect: keptSecret };

export const filesystem: Case[] = [
  attack("fs-read-path", "reads a file of the host by its path", { ...read, program: sh('cat "$HOST_DIR/secret"') }),
  attack("fs-read-climb", "climbs out of the workspace with ..", {
    ...read,
    program: sh(
      'cat "$WORK/../../../../../../../../$HOST_DIR/secret"; cd ..; cd ..; cd ..; cd ..; cat ".$HOST_DIR/secret"',
    ),
  }),
  attack("fs-read-symlink", "plants a symbolic link to a file of the host in the workspace and reads it", {
    ...read,
    program: sh('ln -sf "$HOST_DIR/secret" "$WORK/link"; cat "$WORK/link"'),
  }),
  attack("fs-read-proc-root-self", "goes through /proc/self/root", {
    ...read,
    program: sh('cat "/proc/self/root$HOST_DIR/secret"'),
  }),
  attack("fs-read-proc-root-1", "goes through the root of PID 1", {
    ...read,
    program: sh('cat "/proc/1/root$HOST_DIR/secret"'),
  }),
  attack("fs-read-proc-root-all", "goes through the root of every process it can see", {
    ...read,
    program: sh('for p in /proc/[0-9]*; do cat "$p/root$HOST_DIR/secret" "$p/cwd/host/secret"; done'),
  }),
  attack("fs-read-proc-fd", "looks for inherited descriptors of folders and goes up from there", {
    ...read,
    program: sh(
      'for f in /proc/self/fd/* /proc/1/fd/*; do cat "$f/../host/secret" "$f/..$HOST_DIR/secret" 2>&1; done; true',
    ),
  }),
  attack("fs-read-map-files", "reads what other processes have mapped", {
    ...read,
    program: sh("cat /proc/[0-9]*/map_files/* 2>&1 | head -c 200000 | tr -d '\\0' | grep -a host-secret; true"),
  }),
  attack("fs-read-mountinfo", "learns the host's folders from the mount table and opens them", {
    ...read,
    program: sh(
      'while read -r _ _ _ root at _; do cat "$at/../host/secret" "$root/../host/secret"; done < /proc/self/mountinfo',
    ),
  }),
  attack("fs-read-find", "searches the whole tree for the secret", {
    ...read,
    program: sh(
      'find / -xdev -name secret -size -4k 2>/dev/null | head -20 | while read -r f; do cat "$f"; done; grep -rsa host-secret /tmp /dev/shm /run /var 2>/dev/null | head -5; true',
    ),
  }),
  attack("fs-read-host-accounts", "reads the host's password hashes and keys", {
    promise: "files-read",
    program: sh(
      "cat /etc/shadow /etc/gshadow /etc/sudoers /etc/ssh/ssh_host_*_key /root/.ssh/* /root/.bash_history /home/*/.ssh/* /proc/kcore 2>/dev/null | head -c 100; true",
    ),
    expect: {
      says: "nothing is printed",
      check: ({ out }) => (out.trim() === "" ? null : `it printed ${JSON.stringify(out)}`),
    },
  }),
  attack("fs-read-sockets-of-host", "finds the control sockets of the host's services", {
    promise: "files-read",
    program: sh(
      "find / -type s 2>/dev/null | grep -v -e /srt- -e /claude- | head; ls /var/run/docker.sock /run/containerd 2>/dev/null; true",
    ),
    expect: {
      says: "nothing is printed",
      check: ({ out }) => (out.trim() === "" ? null : `it found ${JSON.stringify(out.slice(0, 200))}`),
    },
  }),
  attack("fs-read-handle", "makes a handle of a file and opens it by that", {
    ...read,
    program: calls("calls call name_to_handle_at -100 @/ 0 0 0"),
    expect: refused,
  }),
  attack("fs-read-open-tree", "clones the mount that the workspace lies in to look around in it", {
    promise: "files-read",
    program: calls("calls call open_tree -100 @/ 1"),
    expect: refused,
  }),
  attack("fs-read-listmount", "lists the mounts of the host by number", {
    promise: "files-read",
    program: calls("calls call listmount 0 0 0 0"),
    expect: refused,
  }),
  attack("fs-read-own-programs-only", "reads what the launcher brought along: its state, its spec, its sockets", {
    promise: "control-unreachable",
    program: sh('ls -la "$RUN_DIR" "$STATE_DIR" "$BASE"; cat "$STATE_DIR"/* "$RUN_DIR"/*'),
    expect: neverPrints(/shim\.sock|exit\.json|log\.offset|host\b.*tools/s),
  }),
];
