/* The sandbox's root: a fresh tmpfs holding only what the spec names, then nothing else of the host is reachable.

   Threat: the agent reads or alters host files, or plants a link in a directory it may write so that a later mount
   lands on /usr/bin and its own program passes for a trusted binary.
   Invariant: targets are walked component by component without following links; sources are cloned before the root
   changes; the root is read-only before the agent runs. */
#include "creel.h"
#include "kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

/* Clones every mount source. A root launcher does it outside (its own rights, not the agent's); otherwise inside. */
void mounts_open(struct spec *spec) {
  for (int i = 0; i < spec->op_count; i++) {
    struct op *op = &spec->ops[i];
    if (op->kind != OP_MOUNT && op->kind != OP_DEV) continue;
    op->tree = sys_open_tree(AT_FDCWD, op->source, TREE_CLONE | TREE_CLOEXEC | TREE_RECURSIVE);
    if (op->tree < 0) die("root", "cannot clone the mount source %.300s: %s", op->source, strerror(errno));
    struct stat st;
    struct creel_mount_attr attr = {.set = ATTR_NOSUID, .propagation = MS_PRIVATE};
    if (op->kind == OP_MOUNT) attr.set |= ATTR_NODEV;
    else if (fstat(op->tree, &st) || !S_ISCHR(st.st_mode)) die("root", "%.300s is not a character device", op->source);
    if (op->read_only) attr.set |= ATTR_RDONLY;
    if (op->no_exec || op->kind == OP_DEV || (spec->no_exec && !op->read_only)) attr.set |= ATTR_NOEXEC;
    if (sys_mount_setattr(op->tree, TREE_RECURSIVE, &attr))
      die("root", "cannot restrict the mount of %.300s: %s", op->source, strerror(errno));
    if (spec->root_launcher && op->kind == OP_MOUNT && !op->read_only && !fstat(op->tree, &st) && st.st_uid != spec->host_uid)
      idmap_tree(op->tree, st.st_uid, st.st_gid, spec);
  }
  protect_open(spec);
}

static int make_fs(const char *type, const char *const *options, unsigned attributes) {
  int fs = sys_fsopen(type);
  if (fs < 0) die("root", "cannot open a %s: %s", type, strerror(errno));
  for (; options && options[0]; options += 2)
    if (sys_fsconfig(fs, FS_SET_STRING, options[0], options[1])) die("root", "%s option %s=%s: %s", type, options[0], options[1], strerror(errno));
  if (sys_fsconfig(fs, FS_CREATE, NULL, NULL)) die("root", "cannot make a %s: %s", type, strerror(errno));
  int tree = sys_fsmount(fs, attributes);
  if (tree < 0) die("root", "cannot mount a %s: %s", type, strerror(errno));
  close(fs);
  return tree;
}

static void write_file(int dir, const char *leaf, const struct op *op) {
  int fd = openat(dir, leaf, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  size_t left = strlen(op->content);
  const char *at = op->content;
  if (fd < 0) die("root", "cannot create the file %.300s: %s", op->target, strerror(errno));
  while (left > 0) {
    ssize_t n = write(fd, at, left);
    if (n <= 0) die("root", "cannot write the file %.300s: %s", op->target, strerror(errno));
    at += n;
    left -= (size_t)n;
  }
  fchmod(fd, op->mode);
  close(fd);
}

/* A small file of the host costs less to copy than to mount. What cannot be read is left out: the agent could not either.
   One that has grown since it was looked at ends at the bound. */
static void copy_file(int root, const struct op *op) {
  static char content[COPY_BYTES_MAX + 1];
  int from = open(op->source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  ssize_t n = from < 0 ? -1 : read(from, content, COPY_BYTES_MAX);
  if (from >= 0) close(from);
  content[n > 0 ? n : 0] = 0;
  char leaf[NAME_BYTES_MAX];
  struct op copy = {.target = op->target, .content = content, .mode = 0644};
  if (n >= 0) write_file(open_parent(root, op->target, leaf), leaf, &copy);
}

/* A file that lives in no directory, mounted read-only on the target. */
static void mount_file(int root, const struct op *op) {
  static const char stage[] = ".creel-stage";
  write_file(root, stage, op);
  int tree = sys_open_tree(root, stage, TREE_CLONE | TREE_CLOEXEC);
  struct creel_mount_attr attr = {.set = ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC | ATTR_RDONLY};
  if (tree < 0 || sys_mount_setattr(tree, 0, &attr)) die_errno("root", "mounting a generated file");
  mount_at(root, tree, op->target);
  unlinkat(root, stage, 0);
}

/* Inside another mount (a read-only /etc/ssl, the agent's home) the file is laid over as a read-only mount of its own. */
static void place_file(int root, const struct op *op) {
  char leaf[NAME_BYTES_MAX];
  struct stat here, top;
  int dir = open_parent(root, op->target, leaf);
  if (fstat(dir, &here) || fstat(root, &top)) die_errno("root", "stat");
  if (here.st_dev == top.st_dev) write_file(dir, leaf, op);
  else mount_file(root, op);
}

/* `tree`, or where there is none a file of `content`, in the place of a protected name. */
void mount_guard(int root, int tree, const char *target, const char *content) {
  struct op file = {.target = target, .content = content, .mode = 0444};
  if (tree >= 0) mount_at(root, tree, target);
  else mount_file(root, &file);
}

static void apply(int root, struct op *op, bool no_exec) {
  char leaf[NAME_BYTES_MAX], size[32], mode[16];
  int dir;
  switch (op->kind) {
  case OP_MOUNT:
  case OP_DEV: mount_at(root, op->tree, op->target); return;
  case OP_FILE: place_file(root, op); return;
  case OP_COPY: copy_file(root, op); return;
  case OP_PROTECT: protect_mount(root); return;
  case OP_PROC: mount_at(root, make_fs("proc", NULL, ATTR_NOSUID | ATTR_NODEV | ATTR_NOEXEC), op->target); return;
  case OP_PTS: {
    const char *options[] = {"ptmxmode", "0666", "mode", "0620", NULL};
    mount_at(root, make_fs("devpts", options, ATTR_NOSUID | ATTR_NOEXEC), op->target);
    return;
  }
  case OP_TMPFS: {
    snprintf(size, sizeof size, "%llu", op->size);
    snprintf(mode, sizeof mode, "%o", op->mode);
    const char *options[] = {"size", size, "mode", mode, "nr_inodes", "262144", NULL};
    mount_at(root, make_fs("tmpfs", options, ATTR_NOSUID | ATTR_NODEV | (no_exec ? ATTR_NOEXEC : 0)), op->target);
    return;
  }
  case OP_DIR:
    dir = open_parent(root, op->target, leaf);
    if (mkdirat(dir, leaf, op->mode) && errno != EEXIST) die("root", "cannot make %.300s: %s", op->target, strerror(errno));
    return;
  case OP_SYMLINK:
    dir = open_parent(root, op->target, leaf);
    if (symlinkat(op->source, dir, leaf)) die("root", "cannot link %.300s: %s", op->target, strerror(errno));
  }
}

/* Builds the root and stands in it. The host's still lies on top, where no path from "/" leads, until root_detach(). */
int root_enter(struct spec *spec) {
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)) die_errno("root", "making mounts private");
  const char *options[] = {"mode", "0755", "size", "16m", NULL};
  int root = make_fs("tmpfs", options, ATTR_NOSUID | ATTR_NODEV);
  int over = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (over < 0 || sys_move_mount(root, over, "")) die_errno("root", "mounting the new root over /tmp");
  umask(0);
  for (int i = 0; i < spec->op_count; i++) apply(root, &spec->ops[i], spec->no_exec);
  place_forget("");
  umask(022);
  close(over);
  if (fchdir(root) || syscall(SYS_pivot_root, ".", ".")) die_errno("root", "pivot_root");
  return root;
}

/* Waits for the kernel's quiet point; nothing of the agent runs before it is over. */
void root_detach(int root) {
  if (umount2(".", MNT_DETACH) || chdir("/")) die_errno("root", "letting go of the host's root");
  struct creel_mount_attr attr = {.set = ATTR_RDONLY};
  if (sys_mount_setattr(root, 0, &attr)) die_errno("root", "making the root read-only");
  close(root);
}
