/* Deleted files that the sandbox still holds, and whether it holds some that cannot be looked at.

   Threat: a file that was deleted keeps its blocks while a descriptor of any thread, a mapping, a running program or a
   message in a socket's queue holds it; so the disk fills with what no folder shows.
   Invariant: what can be looked at is counted; where something is held that cannot be (a queue's descriptors, a mapping
   where we are not root, a process that shuts us out) `hidden` says so, and the caller goes by what the file system lost. */
#include "workspace.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#define TMPFS_TYPE 0x01021994
#define HUGETLBFS_TYPE 0x958458f6
#define READ_ONLY_FLAG 1 /* ST_RDONLY */
#define OWN_FIRST_PROCESS "1" /* our own code; it shows itself to nobody */
#define MEMORY_SYSTEMS_MAX 16

static const struct shim *owner;
static dev_t memory[MEMORY_SYSTEMS_MAX];
static int memory_count;

/* File systems in memory have a limit of their own; in a list of mappings only their number tells them. */
static void find_memory(void) {
  struct stat st;
  int fd = memfd_create("creel", MFD_CLOEXEC); /* the kernel's own one, of memfds and shared memory */
  if (fd >= 0 && !fstat(fd, &st)) memory[memory_count++] = st.st_dev;
  if (fd >= 0) close(fd);
  for (int i = 0; i < owner->spec->op_count && memory_count < MEMORY_SYSTEMS_MAX; i++) {
    const struct op *op = &owner->spec->ops[i];
    const char *target = op->target + strspn(op->target, "/");
    if (op->kind == OP_TMPFS && !fstatat(owner->root, target, &st, AT_SYMLINK_NOFOLLOW)) memory[memory_count++] = st.st_dev;
  }
}

static bool is_memory(dev_t dev) {
  for (int i = 0; i < memory_count; i++)
    if (memory[i] == dev) return true;
  return false;
}

/* Whatever its device's number: in an overlay or a subvolume a file has another than its folder. */
static bool takes_disk(int at, const char *name, const struct stat *st) {
  struct statfs fs;
  if (workspace_has(st->st_dev)) return true;
  int fd = openat(at, name, O_PATH | O_CLOEXEC);
  bool known = fd >= 0 && !fstatfs(fd, &fs);
  if (fd >= 0) close(fd);
  if (!known) return true;
  bool shut = (fs.f_flags & READ_ONLY_FLAG) && !owner->spec->alias_count;
  return !shut && fs.f_type != TMPFS_TYPE && (unsigned long)fs.f_type != HUGETLBFS_TYPE;
}

/* `name` is a link below /proc that leads to the file itself. False: we may not follow it. */
static bool add_link(int at, const char *name, struct tally *t, struct stat *st) {
  if (fstatat(at, name, st, 0)) return errno == ENOENT || errno == ESRCH;
  if ((S_ISREG(st->st_mode) || S_ISDIR(st->st_mode)) && !st->st_nlink && takes_disk(at, name, st)) workspace_add(t, st);
  return true;
}

/* Descriptors that wait in a socket's queue have no name anywhere; the kernel tells how many there are (Linux 5.5). */
static bool has_queued(int process, const char *thread, const char *number) {
  char path[300], text[2048], *at;
  snprintf(path, sizeof path, "task/%.20s/fdinfo/%.20s", thread, number);
  int fd = openat(process, path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  text[n > 0 ? n : 0] = 0;
  return (at = strstr(text, "\nscm_fds:")) && strtoul(at + 9, NULL, 10) > 0;
}

/* What has ended and waits for its parent holds nothing, but shows itself to root alone. */
static bool has_ended(int process, const char *thread) {
  char path[300], text[1024], *at;
  snprintf(path, sizeof path, "task/%.20s/stat", thread);
  int fd = openat(process, path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  text[n > 0 ? n : 0] = 0;
  return !(at = strrchr(text, ')')) || at[1] == 0 || at[2] == 'Z' || at[2] == 'X';
}

static void add_descriptors(int process, const char *thread, struct tally *t) {
  char path[300];
  snprintf(path, sizeof path, "task/%.20s/fd", thread);
  DIR *files = open_directory(process, path);
  if (!files) {
    t->hidden = true;
    return;
  }
  for (struct dirent *file; !t->over && (file = readdir(files));) {
    struct stat st;
    if (file->d_name[0] == '.') continue;
    if (!add_link(dirfd(files), file->d_name, t, &st)) t->hidden = true;
    else if (S_ISSOCK(st.st_mode)) t->hidden |= has_queued(process, thread, file->d_name);
  }
  closedir(files);
}

/* What is mapped and deleted, by the list that also an ordinary user and a process without its first thread have. */
static void look_for_mapped(int process, const char *thread, struct tally *t) {
  char path[300], *line = NULL;
  size_t size = 0;
  snprintf(path, sizeof path, "task/%.20s/maps", thread);
  int fd = openat(process, path, O_RDONLY | O_CLOEXEC);
  FILE *maps = fd < 0 ? NULL : fdopen(fd, "r");
  if (!maps) {
    t->hidden = true;
    if (fd >= 0) close(fd);
    return;
  }
  while (!t->hidden && getline(&line, &size, maps) > 0) {
    unsigned major, minor;
    unsigned long long number;
    if (!strstr(line, " (deleted)\n") || sscanf(line, "%*s %*s %*s %x:%x %llu", &major, &minor, &number) != 3) continue;
    t->hidden |= number && !is_memory(makedev(major, minor));
  }
  free(line);
  fclose(maps);
}

/* False when the process has no mappings of its own to show here: its first thread is gone, or we are not root. */
static bool add_mappings(int process, struct tally *t) {
  DIR *files = open_directory(process, "map_files");
  bool any = false, all = true;
  if (!files) return false;
  for (struct dirent *file; all && !t->over && (file = readdir(files));) {
    struct stat st;
    if (file->d_name[0] == '.') continue;
    any = true;
    all = add_link(dirfd(files), file->d_name, t, &st);
  }
  closedir(files);
  return any && all;
}

static void add_process(int process, struct tally *t) {
  DIR *threads = open_directory(process, "task");
  if (!threads) return;
  bool mapped = add_mappings(process, t);
  for (struct dirent *thread; !t->over && (thread = readdir(threads));) {
    struct stat st;
    char path[300];
    if (thread->d_name[0] == '.' || has_ended(process, thread->d_name)) continue;
    for (int i = 0; i < 2; i++) {
      snprintf(path, sizeof path, "task/%.20s/%s", thread->d_name, i ? "cwd" : "exe");
      if (!add_link(process, path, t, &st)) t->hidden = true;
    }
    if (!mapped) look_for_mapped(process, thread->d_name, t);
    add_descriptors(process, thread->d_name, t);
  }
  closedir(threads);
}

void held_add(const struct shim *shim, struct tally *t) {
  if (!owner) {
    owner = shim;
    find_memory();
  }
  DIR *processes = open_directory(shim->root, "proc");
  if (!processes) return;
  for (struct dirent *entry; !t->over && (entry = readdir(processes));) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !strcmp(entry->d_name, OWN_FIRST_PROCESS)) continue;
    int process = openat(dirfd(processes), entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (process < 0) continue;
    add_process(process, t);
    close(process);
  }
  closedir(processes);
}
