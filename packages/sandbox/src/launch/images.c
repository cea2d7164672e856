/* What became of each program in the sandbox since it was started: which code came into it, and when it became another.

   Threat: a program's name is worth nothing once the agent's own code runs inside it (LD_PRELOAD, LD_AUDIT, dlopen), and
   code that has run once can hide: it copies itself, unmaps its file and waits. A look at connect() comes too late.
   And a parent that forks, then becomes a trusted program, would lend its name to a child it never started.
   Invariant: code of a file first enters an honest program through its own mmap, as code or as the first part of a
   library that its loader maps, and that call waits until we have noted it; the note belongs to the address space (every fork of it too) and ends with exec alone. exec waits as well,
   so a child older than its parent's program is told apart. What no longer fits the tables counts against the program. */
#include "creel.h"
#include "identity.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define READ_ONLY_FLAG 1 /* ST_RDONLY: set for a read-only mount or file system */
#define TAINTS_MAX 65536
#define TAINT_PATHS_MAX 256
#define EXECS_MAX 16384
#define EXECS_FULL (EXECS_MAX / 4 * 3)
/* More processes than this cannot start within one clock tick, so a larger step between pids is a wrap-around. */
#define PIDS_PER_TICK_MAX 4096
#define TICKS_PER_SECOND 100ll
#define NEVER INT64_MAX
/* Fields of /proc/PID/stat that exec sets and nothing changes afterwards (prctl's PR_SET_MM is refused). */
#define START_CODE 26
#define START_STACK 28
#define START_DATA 45
#define ENVIRONMENT_END 51
#define OPENAT2 437 /* Linux 5.6 */
#define RESOLVE_WITHOUT_LINKS 0x04u
#define RESOLVE_FROM_ROOT 0x10u

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct { uint64_t space[TAINTS_MAX]; uint8_t path[TAINTS_MAX]; unsigned count; bool full; } taints;
static char *taint_paths[TAINT_PATHS_MAX];
static struct { pid_t group, last; int64_t tick; } execs[EXECS_MAX];
static unsigned exec_count;
static bool execs_full;
static const struct shim *owner;
static ino_t own_mounts;

static ino_t mounts_of(pid_t pid) {
  char path[64];
  struct stat st;
  snprintf(path, sizeof path, "/proc/%d/ns/mnt", pid);
  return stat(path, &st) ? 0 : st.st_ino;
}

/* The namespace is held open as long as we live: its number can become no other's, and the end of PID 1 need not wait until
   all of its mounts are taken down. */
void images_start(const struct shim *shim) {
  char path[64];
  struct stat st;
  owner = shim;
  snprintf(path, sizeof path, "/proc/%d/ns/mnt", shim->init_pid);
  int namespace = open(path, O_RDONLY | O_CLOEXEC);
  if (namespace >= 0 && !fstat(namespace, &st)) own_mounts = st.st_ino;
  if (!own_mounts) die("init", "the sandbox's mount namespace cannot be told from others");
}

/* One address space: the addresses the kernel dealt at exec, as it tells them to whoever may trace the process, also of
   one that made itself undumpable. A fork has the same ones, an exec gets others. 0: gone, or not ours to know. */
static uint64_t space_of(pid_t tid) {
  char path[64], text[2048];
  uint64_t sum = 0xcbf29ce484222325u, known = 0;
  snprintf(path, sizeof path, "/proc/%d/stat", tid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  text[n > 0 ? n : 0] = 0;
  char *at = strrchr(text, ')'); /* the process chose what stands before */
  for (int field = 3; at && (at = strchr(at + 1, ' ')); field++) {
    if (field < START_CODE || (field > START_STACK && field < START_DATA) || field > ENVIRONMENT_END) continue;
    uint64_t value = strtoull(at + 1, NULL, 10);
    if (field == START_STACK) known = value;
    sum = (sum ^ value) * 0x9e3779b97f4a7c15u;
    sum ^= sum >> 29;
  }
  return known ? sum | 1 : 0;
}

/* Whether the open file can hold what the agent wrote. `link` below /proc leads to the file itself, so its
   own mount answers, whatever it is called. In a mount namespace of the agent's making flags and names are its own
   choice: there only the file that the sandbox's first process sees under the same name counts. */
static bool agent_can_write(pid_t tid, const char *link, const char *name) {
  struct statfs fs;
  if (statfs(link, &fs)) return true;
  if (!(fs.f_flags & READ_ONLY_FLAG)) return true;
  for (int i = 0; i < owner->spec->alias_count; i++) {
    const char *alias = owner->spec->aliases[i];
    size_t n = strlen(alias);
    if (!strncmp(name, alias, n) && (name[n] == '/' || name[n] == 0)) return true;
  }
  return mounts_of(tid) != own_mounts && !image_is_genuine(tid, link, name);
}

bool image_is_genuine(pid_t tid, const char *link, const char *name) {
  struct stat file, seen;
  struct statfs fs;
  struct { uint64_t flags, mode, resolve; } how = {O_PATH | O_NOFOLLOW | O_CLOEXEC, 0, RESOLVE_FROM_ROOT | RESOLVE_WITHOUT_LINKS};
  if (own_mounts && mounts_of(tid) == own_mounts) return true;
  int fd = (int)syscall(OPENAT2, owner->root, name, &how, sizeof how);
  if (fd < 0) return false;
  bool same = !fstat(fd, &seen) && !stat(link, &file) && seen.st_dev == file.st_dev && seen.st_ino == file.st_ino &&
              !fstatfs(fd, &fs) && (fs.f_flags & READ_ONLY_FLAG);
  close(fd);
  return same;
}

static uint8_t taint_path(const char *name) {
  for (int i = 0; i < TAINT_PATHS_MAX - 1; i++) {
    if (!taint_paths[i]) taint_paths[i] = strdup(name);
    if (taint_paths[i] && !strcmp(taint_paths[i], name)) return (uint8_t)i;
  }
  return TAINT_PATHS_MAX - 1;
}

static void taint(uint64_t space, const char *name) {
  pthread_mutex_lock(&lock);
  size_t at = space % TAINTS_MAX;
  while (taints.space[at] && taints.space[at] != space) at = (at + 1) % TAINTS_MAX;
  if (!taints.space[at]) {
    if (taints.count < TAINTS_MAX - 1) {
      taints.space[at] = space;
      taints.path[at] = taint_path(name);
      taints.count++;
    } else taints.full = true;
  }
  pthread_mutex_unlock(&lock);
}

/* V8 maps its own program a second time. That file is already the process's name, and nobody can write what runs. */
static bool is_own_program(pid_t tid, const char *link) {
  char path[64];
  struct stat file, program;
  snprintf(path, sizeof path, "/proc/%d/exe", tid);
  return !stat(link, &file) && !stat(path, &program) && file.st_dev == program.st_dev && file.st_ino == program.st_ino;
}

/* 0: let the call run; otherwise the -errno it gets. Failing to note a mapping must not let it happen unnoted. */
int image_maps_code(pid_t tid, int fd_number) {
  char link[64], name[PATH_BYTES_MAX];
  int fd = descriptor_of(tid, fd_number);
  if (fd == -EBADF) return 0; /* the kernel answers so itself */
  if (fd < 0) return -EPERM;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, name, sizeof name - 1);
  name[n > 0 ? n : 0] = 0;
  bool foreign = agent_can_write(tid, link, name) && !is_own_program(tid, link);
  close(fd);
  if (!foreign) return 0;
  /* A library's data can become code without being mapped as such, so where nothing writable runs it is not loaded at all. */
  if (owner->spec->no_exec) return -EPERM;
  uint64_t space = space_of(tid);
  if (!space) return -EPERM;
  taint(space, name);
  return 0;
}

bool image_library(pid_t tid, char out[PATH_BYTES_MAX]) {
  out[0] = 0;
  if (__atomic_load_n(&taints.count, __ATOMIC_ACQUIRE) == 0) return true;
  uint64_t space = space_of(tid);
  if (!space) return false;
  pthread_mutex_lock(&lock);
  size_t at = space % TAINTS_MAX;
  while (taints.space[at] && taints.space[at] != space) at = (at + 1) % TAINTS_MAX;
  const char *name = NULL;
  if (taints.space[at]) name = taint_paths[taints.path[at]];
  if ((taints.space[at] && !name) || taints.full) name = "(one of many)";
  if (name) snprintf(out, PATH_BYTES_MAX, "%s", name);
  pthread_mutex_unlock(&lock);
  return true;
}

static int64_t tick_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_BOOTTIME, &t);
  return t.tv_sec * TICKS_PER_SECOND + t.tv_nsec / (1000000000 / TICKS_PER_SECOND);
}

/* The newest pid of our PID namespace: the last word of /proc/loadavg. */
static pid_t last_pid(void) {
  static int fd = -1;
  char text[128];
  if (fd < 0) fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? 0 : pread(fd, text, sizeof text - 1, 0);
  text[n > 0 ? n : 0] = 0;
  char *space = strrchr(text, ' ');
  return space ? atoi(space + 1) : 0;
}

static size_t exec_slot(pid_t group) {
  size_t at = (size_t)group % EXECS_MAX;
  while (execs[at].group && execs[at].group != group) at = (at + 1) % EXECS_MAX;
  return at;
}

/* Forgets processes that are gone: a new process under an old number has become nothing else yet. */
static void sweep(void) {
  static __typeof__(execs[0]) alive[EXECS_FULL];
  unsigned kept = 0;
  char path[64];
  for (size_t i = 0; i < EXECS_MAX; i++) {
    if (!execs[i].group) continue;
    snprintf(path, sizeof path, "/proc/%d", execs[i].group);
    if (!access(path, F_OK)) alive[kept++] = execs[i];
  }
  memset(execs, 0, sizeof execs);
  for (unsigned i = 0; i < kept; i++) execs[exec_slot(alive[i].group)] = alive[i];
  exec_count = kept;
  execs_full = kept >= EXECS_FULL - 1;
}

void image_becomes(pid_t group, int threads) {
  pthread_mutex_lock(&lock);
  if (exec_count >= EXECS_FULL - 1) sweep();
  size_t at = exec_slot(group);
  if (!execs[at].group && !execs_full) {
    execs[at].group = group;
    exec_count++;
  }
  if (execs[at].group) {
    /* Another thread could still fork between this note and the exec, so such a program lends its name to nobody. */
    execs[at].tick = threads == 1 ? tick_now() : NEVER;
    execs[at].last = last_pid();
  }
  pthread_mutex_unlock(&lock);
}

bool image_started(pid_t parent, pid_t child, int64_t child_tick) {
  pthread_mutex_lock(&lock);
  size_t at = exec_slot(parent);
  bool yes = !execs_full;
  if (yes && execs[at].group) {
    int step = child - execs[at].last;
    bool later = (step > 0 && step < PIDS_PER_TICK_MAX) || step < -PIDS_PER_TICK_MAX;
    yes = child_tick > execs[at].tick || (child_tick == execs[at].tick && later);
  }
  pthread_mutex_unlock(&lock);
  return yes;
}
