/* How much the sandbox has written to its writable mounts: allocated blocks and inodes, each once, also of files that were
   deleted and are still held (held.c).

   Threat: trees made to be measured for ever or not at all: millions of files, hard links, holes, endless depth.
   Invariant: a walk ends at the limit it looks for; no path is ever resolved twice, no link followed; depth and entries
   are bounded, and what passes these bounds counts as over the limit. Everything below a writable mount counts, whatever
   device it names: in an overlay a file names its layer's, in btrfs a subvolume has its own, and the host's mounts in
   there are the agent's to write too. */
#include "workspace.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define BLOCK_BYTES 512 /* st_blocks counts in these, whatever the file system's own size */
/* Each level costs a descriptor; people's trees end near 30. */
#define DEPTH_MAX 128
/* Without a limit of files: beyond any checkout, and a walk of about four seconds. */
#define ENTRIES_MAX 2000000ull
/* Files with several names are remembered to count once; beyond this many each name counts. */
#define LINKED_MAX 16384
#define ROOTS_MAX 64
/* While something is held that cannot be looked at, the file system's own loss counts. Others write there too, and a walk
   is no snapshot; what stays for this many looks in a row is neither haste nor chance. */
#define UNEXPLAINED_LOOKS_MAX 3

static struct { int fd; dev_t dev; } roots[ROOTS_MAX];
static int root_count;
/* The last look at which nothing was hidden: what it found, and what the file systems had given away by then. */
static struct { bool known; long long lost, found; int unexplained; } clear;
static struct { dev_t dev; ino_t ino; } linked[LINKED_MAX];
static size_t linked_count;

static bool is_within(const char *path, const char *directory) {
  size_t n = strlen(directory);
  return !strncmp(path, directory, n) && (path[n] == '/' || path[n] == 0);
}

static bool is_writable(const struct op *op) { return op->kind == OP_MOUNT && !op->read_only; }

/* What the file systems of the writable mounts have given away, to whomever. */
static long long lost_bytes(void) {
  long long sum = 0;
  for (int i = 0; i < root_count; i++) {
    struct statfs fs;
    bool again = false;
    for (int k = 0; k < i; k++) again |= roots[k].dev == roots[i].dev;
    if (!again && !fstatfs(roots[i].fd, &fs)) sum += (long long)(fs.f_blocks - fs.f_bfree) * (long long)fs.f_bsize;
  }
  return sum;
}

bool workspace_has(dev_t dev) {
  for (int i = 0; i < root_count; i++)
    if (roots[i].dev == dev) return true;
  return false;
}

void workspace_open(const struct spec *spec) {
  for (int i = 0; i < spec->op_count; i++) {
    const struct op *op = &spec->ops[i];
    bool counted = !is_writable(op);
    for (int k = 0; k < spec->op_count && !counted; k++)
      counted = k != i && is_writable(&spec->ops[k]) && is_within(op->source, spec->ops[k].source) &&
                (k < i || strcmp(op->source, spec->ops[k].source));
    if (counted) continue;
    if (root_count == ROOTS_MAX) die("limits", "more than %d writable mounts cannot be measured", ROOTS_MAX);
    struct stat st;
    int fd = open(op->source, O_PATH | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st)) die("limits", "cannot measure %.300s: %s", op->source, strerror(errno));
    roots[root_count].fd = fd;
    roots[root_count++].dev = st.st_dev;
  }
  clear.lost = lost_bytes();
}

static bool seen(const struct stat *st) {
  size_t at = (st->st_ino * 31 + st->st_dev) % LINKED_MAX;
  if (linked_count >= LINKED_MAX / 4 * 3) return false;
  for (; linked[at].ino; at = (at + 1) % LINKED_MAX)
    if (linked[at].ino == st->st_ino && linked[at].dev == st->st_dev) return true;
  linked[at].ino = st->st_ino;
  linked[at].dev = st->st_dev;
  linked_count++;
  return false;
}

void workspace_add(struct tally *t, const struct stat *st) {
  if ((!S_ISDIR(st->st_mode) || !st->st_nlink) && st->st_nlink != 1 && seen(st)) return;
  t->bytes += (unsigned long long)st->st_blocks * BLOCK_BYTES;
  t->files++;
  t->over = (t->bytes_max && t->bytes > t->bytes_max) || t->files > (t->files_max ? t->files_max : ENTRIES_MAX);
}

DIR *open_directory(int at, const char *name) {
  int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  DIR *directory = fd < 0 ? NULL : fdopendir(fd);
  if (!directory && fd >= 0) close(fd);
  return directory;
}

/* Mounts of the kernel's own tables (/proc, /sys) hold nothing. */
static bool stores(DIR *directory) {
  struct statfs fs;
  return fstatfs(dirfd(directory), &fs) || fs.f_blocks > 0;
}

static void walk(int root, struct tally *t) {
  DIR *stack[DEPTH_MAX];
  dev_t devices[DEPTH_MAX];
  int depth = 0;
  struct stat st;
  if (fstat(root, &st)) return;
  if (!S_ISDIR(st.st_mode)) {
    workspace_add(t, &st);
    return;
  }
  devices[0] = st.st_dev;
  if ((stack[0] = open_directory(root, "."))) depth = 1;
  while (depth > 0) {
    struct dirent *entry = t->over ? NULL : readdir(stack[depth - 1]);
    if (!entry) {
      closedir(stack[--depth]);
      continue;
    }
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    int at = dirfd(stack[depth - 1]);
    if (fstatat(at, entry->d_name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT)) continue;
    workspace_add(t, &st);
    if (!S_ISDIR(st.st_mode) || t->over) continue;
    if (depth == DEPTH_MAX) {
      t->over = true;
      continue;
    }
    if (!(stack[depth] = open_directory(at, entry->d_name))) {
      t->shut |= errno == EACCES && st.st_uid == geteuid();
      continue;
    }
    devices[depth] = st.st_dev;
    if (st.st_dev != devices[depth - 1] && !stores(stack[depth])) closedir(stack[depth]);
    else depth++;
  }
}

/* Adds what the file systems lost since the last clear look and nothing that we see explains. */
static void add_unexplained(struct tally *t) {
  long long lost = lost_bytes(), found = (long long)t->bytes;
  if (!clear.known) clear.found = found;
  if (!t->hidden) {
    clear.lost = lost;
    clear.found = found;
  }
  clear.known = true;
  long long unexplained = (lost - clear.lost) - (found - clear.found);
  bool over = t->hidden && unexplained > 0 && t->bytes_max && t->bytes + (unsigned long long)unexplained > t->bytes_max;
  clear.unexplained = over ? clear.unexplained + 1 : 0;
  if (clear.unexplained < UNEXPLAINED_LOOKS_MAX) return;
  t->bytes += (unsigned long long)unexplained;
  t->over = true;
}

void workspace_measure(const struct shim *shim, struct tally *tally) {
  if (linked_count) memset(linked, 0, sizeof linked);
  linked_count = 0;
  for (int i = 0; i < root_count && !tally->over; i++) walk(roots[i].fd, tally);
  if (!tally->over) held_add(shim, tally);
  if (!tally->over) add_unexplained(tally);
}
