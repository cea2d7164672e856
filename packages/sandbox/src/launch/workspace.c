/* How much the sandbox has written to its writable mounts: allocated blocks and inodes, each once, also of files that were
   deleted and are still open.

   Threat: trees made to be measured for ever or not at all: millions of files, hard links, holes, endless depth.
   Invariant: a walk ends at the limit it looks for; no path is ever resolved twice, no link followed, no other file
   system entered; depth and entries are bounded, and what passes these bounds counts as over the limit. */
#include "workspace.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_BYTES 512 /* st_blocks counts in these, whatever the file system's own size */
/* Each level costs a descriptor; people's trees end near 30. */
#define DEPTH_MAX 128
/* Without a limit of files: beyond any checkout, and a walk of about four seconds. */
#define ENTRIES_MAX 2000000ull
/* Files with several names are remembered to count once; beyond this many each name counts. */
#define LINKED_MAX 16384
#define ROOTS_MAX 64

static struct { int fd; dev_t dev; } roots[ROOTS_MAX];
static int root_count;
static struct { dev_t dev; ino_t ino; } linked[LINKED_MAX];
static size_t linked_count;

static bool is_within(const char *path, const char *directory) {
  size_t n = strlen(directory);
  return !strncmp(path, directory, n) && (path[n] == '/' || path[n] == 0);
}

static bool is_writable(const struct op *op) { return op->kind == OP_MOUNT && !op->read_only; }

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

static void add(struct tally *t, const struct stat *st) {
  if (!S_ISDIR(st->st_mode) && st->st_nlink != 1 && seen(st)) return;
  t->bytes += (unsigned long long)st->st_blocks * BLOCK_BYTES;
  t->files++;
  t->over = (t->bytes_max && t->bytes > t->bytes_max) || t->files > (t->files_max ? t->files_max : ENTRIES_MAX);
}

static DIR *open_directory(int at, const char *name) {
  int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  DIR *directory = fd < 0 ? NULL : fdopendir(fd);
  if (!directory && fd >= 0) close(fd);
  return directory;
}

static void walk(int root, dev_t dev, struct tally *t) {
  DIR *stack[DEPTH_MAX];
  int depth = 0;
  struct stat st;
  if (fstat(root, &st)) return;
  if (!S_ISDIR(st.st_mode)) {
    add(t, &st);
    return;
  }
  if ((stack[0] = open_directory(root, "."))) depth = 1;
  while (depth > 0) {
    struct dirent *entry = t->over ? NULL : readdir(stack[depth - 1]);
    if (!entry) {
      closedir(stack[--depth]);
      continue;
    }
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    int at = dirfd(stack[depth - 1]);
    if (fstatat(at, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) || st.st_dev != dev) continue;
    add(t, &st);
    if (!S_ISDIR(st.st_mode) || t->over) continue;
    if (depth == DEPTH_MAX) t->over = true;
    else if ((stack[depth] = open_directory(at, entry->d_name))) depth++;
    else t->shut |= errno == EACCES && st.st_uid == geteuid();
  }
}

/* Files without a name that a process still holds open. */
static void add_deleted(const struct shim *shim, struct tally *t) {
  DIR *processes = open_directory(shim->root, "proc");
  if (!processes) return;
  for (struct dirent *process; !t->over && (process = readdir(processes));) {
    char path[300];
    if (process->d_name[0] < '1' || process->d_name[0] > '9') continue;
    snprintf(path, sizeof path, "%.200s/fd", process->d_name);
    DIR *open_files = open_directory(dirfd(processes), path);
    if (!open_files) continue;
    for (struct dirent *file; !t->over && (file = readdir(open_files));) {
      struct stat st;
      bool ours = false;
      if (file->d_name[0] == '.' || fstatat(dirfd(open_files), file->d_name, &st, 0)) continue;
      if (!S_ISREG(st.st_mode) || st.st_nlink) continue;
      for (int i = 0; i < root_count; i++) ours |= roots[i].dev == st.st_dev;
      if (ours) add(t, &st);
    }
    closedir(open_files);
  }
  closedir(processes);
}

void workspace_measure(const struct shim *shim, struct tally *tally) {
  if (linked_count) memset(linked, 0, sizeof linked);
  linked_count = 0;
  for (int i = 0; i < root_count && !tally->over; i++) walk(roots[i].fd, roots[i].dev, tally);
  if (!tally->over) add_deleted(shim, tally);
}
