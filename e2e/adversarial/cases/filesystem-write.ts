/** Threat: the agent writes outside its workspace, or changes what it and its neighbours run on. */
import { linkSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { calls, groupOf, node, sh } from "../attack.ts";
import type { Case } from "../model.ts";
import { current } from "../under-attack.ts";
import { all, neverPrints, noFile, nothingReached, prints, refused, unchanged } from "../witness.ts";

const attack = groupOf("filesystem");
const write = { promise: "files-write", expect: unchanged };

export const filesystemWrite: Case[] = [
  attack("fs-write-path", "writes a file of the host by its path", {
    ...write,
    program: sh('echo owned > "$HOST_DIR/victim"'),
  }),
  attack("fs-write-symlink", "writes through a symbolic link in the workspace", {
    ...write,
    program: sh('ln -sf "$HOST_DIR/victim" "$WORK/out"; echo owned > "$WORK/out"; chmod 4777 "$WORK/out"'),
  }),
  attack("fs-write-link-of-host", "follows a symbolic link that somebody on the host had put into the workspace", {
    ...write,
    before: (stage) => {
      const link = join(current.sandbox().work, "from-host");
      rmSync(link, { force: true });
      symlinkSync(join(stage.hostDir, "victim"), link);
    },
    program: sh(
      'echo owned > "$WORK/from-host"; ln -sf "$HOST_DIR/victim" "$WORK/from-host2"; echo owned > "$WORK/from-host2"',
    ),
  }),
  attack("fs-write-hardlink", "makes a hard link to the host's file in the workspace", {
    ...write,
    program: sh('ln "$HOST_DIR/victim" "$WORK/hard" && echo owned > "$WORK/hard"'),
  }),
  attack("fs-write-rename-race", "swaps a folder for a link while another process writes into it", {
    ...write,
    program: sh(
      'cd "$WORK"; mkdir -p d; ln -sfn "$HOST_DIR" l; (i=0; while [ $i -lt 150 ]; do mv d x; mv l d; mv d l; mv x d; i=$((i+1)); done) 2>/dev/null & i=0; while [ $i -lt 300 ]; do echo owned > d/victim; i=$((i+1)); done 2>/dev/null; wait',
    ),
    expect: all(unchanged),
  }),
  attack("fs-write-delete", "deletes and replaces the host's file", {
    ...write,
    program: sh('rm -f "$HOST_DIR/victim"; mv "$WORK" "$HOST_DIR/moved"; rmdir "$HOST_DIR"'),
  }),
  attack("fs-write-create", "makes a new file in a folder of the host", {
    promise: "files-write",
    program: sh('echo x > "$HOST_DIR/planted"; mkdir "$HOST_DIR/planted"'),
    expect: noFile("planted"),
  }),
  attack("fs-write-metadata", "changes mode, times and attributes of the host's file", {
    ...write,
    program: sh(
      'chmod 0777 "$HOST_DIR/victim"; touch -d 2001-01-01 "$HOST_DIR/victim"; chmod 4755 "/proc/1/root$HOST_DIR/victim"',
    ),
  }),
  attack("fs-write-programs", "replaces a program that everybody trusts", {
    promise: "programs-unwritable",
    program: sh(
      'for f in /usr/bin/env /bin/sh "$TOOLS/trusted" "$NODE" /usr/lib/os-release; do echo owned >> "$f" && echo WROTE "$f"; mv "$f" "$f.old" && echo WROTE "$f"; rm -f "$f" && [ ! -e "$f" ] && echo WROTE "$f"; done 2>/dev/null; true',
    ),
    expect: neverPrints(/WROTE/),
  }),
  attack("fs-write-shadow-program", "puts a program of its own in front of a trusted one's path", {
    promise: "programs-unwritable",
    program: sh(
      'for d in /usr/local/bin /usr/bin /bin "$TOOLS" /usr/lib /etc /etc/ld.so.conf.d; do (: > "$d/planted") && echo WROTE $d; done; echo /tmp/x.so > /etc/ld.so.preload && echo WROTE; true',
    ),
    expect: neverPrints(/WROTE/),
  }),
  attack("fs-write-root", "writes into the root and the folders that Creel made", {
    promise: "programs-unwritable",
    program: sh(
      'for d in / /etc /run /var /dev /etc/creel /sys /opt; do (: > "$d/planted") && echo WROTE $d; done; true',
    ),
    expect: neverPrints(/WROTE/),
    needs: ["door"],
  }),
  attack("fs-write-resolver", "points the resolver and the trusted authorities somewhere else", {
    promise: "programs-unwritable",
    program: sh(
      'for f in /etc/resolv.conf /etc/hosts /etc/nsswitch.conf /etc/passwd /etc/creel/ca.crt /etc/ssl/certs/ca-certificates.crt; do (echo x >> "$f") && echo WROTE $f; rm -f "$f" && [ ! -e "$f" ] && echo WROTE $f; done; true',
    ),
    expect: neverPrints(/WROTE/),
    needs: ["egress"],
  }),
  attack("fs-write-remount", "mounts the read-only places writable", {
    promise: "programs-unwritable",
    program: sh(
      'mount -o remount,rw / ; mount -o remount,rw,bind /usr; mount --bind "$WORK" /usr/bin; (: > /usr/planted) && echo WROTE; true',
    ),
    expect: neverPrints(/WROTE/),
  }),
  attack("fs-write-mount-call", "mounts something over a folder", {
    promise: "programs-unwritable",
    program: calls("attacks mount"),
    expect: refused,
  }),
  attack("fs-write-new-mount-api", "opens a file system by the new mount calls", {
    promise: "programs-unwritable",
    program: sh(
      'for c in "fsopen @tmpfs 0" "fspick -100 @/ 0" "mount_setattr -100 @/ 0 0 0" "move_mount -100 @/tmp -100 @/usr 0" "open_tree_attr -100 @/ 1 0 0"; do "$TOOLS/calls" call $c; done',
    ),
    expect: refused,
  }),
  attack("fs-write-pivot", "changes the root under its feet", {
    promise: "programs-unwritable",
    program: sh('"$TOOLS/calls" call pivot_root @/tmp @/tmp; "$TOOLS/attacks" chroot'),
    expect: refused,
  }),
  attack("fs-write-umount", "takes a mount away to see what lies below it", {
    promise: "files-read",
    program: sh(
      '"$TOOLS/calls" call umount2 @/proc 2; "$TOOLS/calls" call umount2 @/tmp 2; "$TOOLS/calls" call umount2 @/ 2',
    ),
    expect: refused,
  }),
  attack("fs-write-proc-self-exe", "overwrites the running program through /proc/self/exe, as runc once allowed", {
    promise: "programs-unwritable",
    program: node(`
      for (const link of ["/proc/self/exe", "/proc/1/exe", "/proc/" + process.ppid + "/exe"])
        for (const flags of ["r+", "w", "a"]) try { fs.closeSync(fs.openSync(link, flags)); say("WROTE " + link); } catch (e) { say(e.code); }`),
    expect: neverPrints(/WROTE/),
  }),
  attack("fs-device-node", "makes a node of the host's disk", {
    promise: "devices",
    program: calls("attacks mknod"),
    expect: refused,
  }),
  attack("fs-device-raw", "reads disks, memory and ports of the machine", {
    promise: "devices",
    program: sh(
      "for f in /dev/sda /dev/vda /dev/nvme0n1 /dev/mem /dev/kmem /dev/port /dev/kmsg /dev/kvm /dev/fuse /dev/net/tun /dev/loop-control /dev/userfaultfd /dev/vhost-net /dev/vsock; do [ -r $f ] && head -c 1 $f >/dev/null && echo OPENED $f; done; true",
    ),
    expect: neverPrints(/OPENED/),
  }),
  attack("fs-setuid", "makes a file that runs as another user", {
    promise: "no-privileges",
    program: sh(
      'cp /bin/sh "$WORK/suid"; chmod 4755 "$WORK/suid"; chmod 2755 "$WORK/suid"; [ -u "$WORK/suid" ] || [ -g "$WORK/suid" ] && echo SETID; true',
    ),
    expect: neverPrints(/SETID/),
    needs: ["door"],
  }),
  attack("fs-setuid-create", "makes a set-user-id file by the way it is created", {
    promise: "no-privileges",
    program: sh('cd "$WORK"; "$TOOLS/attacks" setuid_bit; "$TOOLS/attacks" setuid_create; "$TOOLS/attacks" openat2'),
    expect: refused,
    needs: ["door"],
  }),
  attack("fs-sysctl", "changes the kernel by /proc/sys and /sys", {
    promise: "kernel-unchanged",
    program: sh(
      "for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/kernel/hotplug /proc/sys/net/ipv4/ip_forward /proc/sys/vm/overcommit_memory /proc/sys/fs/binfmt_misc/register /proc/sysrq-trigger /proc/sys/kernel/hostname /proc/sys/kernel/ns_last_pid /sys/kernel/uevent_helper; do (echo x > $f) && echo WROTE $f; done; true",
    ),
    expect: neverPrints(/WROTE/),
  }),
  attack("fs-unix-socket-of-host", "speaks to a Unix socket of the host by its path", {
    promise: "files-read",
    program: sh(
      '"$TOOLS/calls" unix_connect "$HOST_DIR/socket"; ln -sf "$HOST_DIR/socket" "$WORK/s"; "$TOOLS/calls" unix_connect "$WORK/s"',
    ),
    expect: nothingReached("unix"),
  }),
  attack("fs-control-socket", "speaks to the socket that controls its own sandbox", {
    promise: "control-unreachable",
    program: sh('"$TOOLS/calls" unix_connect "$RUN_DIR/shim.sock"; find / -name "shim.sock" 2>/dev/null; true'),
    expect: all(refused, neverPrints(/shim\.sock/)),
    needs: ["door"],
  }),
  attack("fs-exit-file", "forges the record of its own end", {
    promise: "control-unreachable",
    program: sh(
      'for d in "$STATE_DIR" "$RUN_DIR"; do (echo \'{"code":0}\' > "$d/exit.json") && echo WROTE; (: > "$d/log") && echo WROTE; done; true',
    ),
    expect: neverPrints(/WROTE/),
    needs: ["door"],
  }),
  attack("fs-hardlink-from-host", "writes a file of the host that shares its content with one in the workspace", {
    promise: "workspace-is-shared",
    control: true,
    before: (stage) => {
      const file = join(current.sandbox().work, "shared");
      rmSync(file, { force: true });
      linkSync(join(stage.hostDir, "secret"), file);
    },
    program: sh('[ -e "$WORK/shared" ] && echo SHARED; rm -f "$WORK/shared"'),
    expect: prints(/SHARED/),
    needs: ["door"],
  }),
  attack("fs-honest", "control: it reads and writes its workspace and its temporary space", {
    promise: "honest-work",
    control: true,
    program: sh(
      'echo mine > "$WORK/mine" && cat "$WORK/mine" && echo t > /tmp/adversarial-$$ && rm /tmp/adversarial-$$ && echo DONE',
    ),
    expect: prints(/mine\nDONE/),
    before: () => void mkdirSync(join(current.sandbox().work, "honest"), { recursive: true }),
    needs: ["door"],
  }),
];
