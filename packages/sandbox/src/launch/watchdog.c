/* Ends the sandbox, and nothing else, when it uses more than its limits where the kernel holds none for us.

   Threat: a sandbox that eats the host's memory or disk, or makes its own measuring run for ever.
   Invariant: one thread per kind of limit, only where such a limit was asked for; every measurement is bounded by the
   limit itself, and a tree too deep or too large to be measured counts as too large. What is over its limit ends by
   SIGKILL of PID 1, which takes everything inside along. */
#include "creel.h"
#include "kernel.h"
#include "workspace.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <time.h>

/* A program fills a few hundred MiB in this time, which is what may go over the limit; a look costs about 20 us a process. */
#define MEMORY_INTERVAL_MS 100
#define WORKSPACE_INTERVAL_MS 1000
/* Measuring takes at most a tenth of one core's time, however large the tree. */
#define WORKSPACE_PAUSE_FACTOR 9
/* The agent may shut a directory of its own against us (where we are no more than it). A test suite does so for a moment;
   one that is shut in this many looks in a row hides something. */
#define SHUT_LOOKS_MAX 30
#define TMPFS_TYPE 0x01021994
#define LEAST_NICE 19

static struct shim *owner;
static unsigned long long used[LIMIT_COUNT];

unsigned long long watchdog_used(int limit) { return __atomic_load_n(&used[limit], __ATOMIC_RELAXED); }
static void note(int limit, unsigned long long value) { __atomic_store_n(&used[limit], value, __ATOMIC_RELAXED); }

static void pause_ms(long long ms) {
  struct timespec t = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&t, NULL);
}

static ssize_t read_at(int directory, const char *name, const char *file, char *text, size_t size) {
  char path[300];
  snprintf(path, sizeof path, "%.200s/%s", name, file);
  int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);
  if (fd >= 0) close(fd);
  text[n > 0 ? n : 0] = 0;
  return n;
}

static unsigned long long field(const char *text, const char *name) {
  const char *at = strstr(text, name);
  return at ? strtoull(at + strlen(name), NULL, 10) * 1024 : 0;
}

/* Files in the sandbox's own memory file systems: nobody needs to have them open. */
static unsigned long long memory_files(void) {
  unsigned long long sum = 0;
  for (int i = 0; i < owner->spec->op_count; i++) {
    const struct op *op = &owner->spec->ops[i];
    struct statfs fs;
    if (op->kind != OP_TMPFS) continue;
    int fd = openat(owner->root, op->target + strspn(op->target, "/"), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && !fstatfs(fd, &fs) && fs.f_type == TMPFS_TYPE) sum += (unsigned long long)(fs.f_blocks - fs.f_bfree) * (unsigned long long)fs.f_bsize;
    if (fd >= 0) close(fd);
  }
  return sum;
}

/* Rough is what all processes have resident, counting shared pages once for each; that it is under the limit suffices.
   Exact shares them out. Pages of files on disk can be taken back at any time, so they do not count. */
static unsigned long long memory_of_processes(bool exact, unsigned long long files) {
  unsigned long long private = 0, shared = 0, page = (unsigned long long)sysconf(_SC_PAGESIZE);
  int fd = openat(owner->root, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *processes = fd < 0 ? NULL : fdopendir(fd);
  if (!processes) return 0;
  for (struct dirent *entry; (entry = readdir(processes));) {
    char text[4096];
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    if (exact && read_at(fd, entry->d_name, "smaps_rollup", text, sizeof text) > 0) {
      private += field(text, "\nPss_Anon:") + field(text, "\nSwapPss:");
      shared += field(text, "\nPss_Shmem:");
    } else if (read_at(fd, entry->d_name, "statm", text, sizeof text) > 0) {
      char *resident = strchr(text, ' ');
      if (resident) private += strtoull(resident, NULL, 10) * page;
    }
  }
  closedir(processes);
  return private + (shared > files ? shared : files);
}

static void *watch_memory(void *unused) {
  (void)unused;
  unsigned long long limit = owner->spec->memory_bytes;
  bool by_kernel = !strcmp(owner->held[LIMIT_MEMORY], "cgroup");
  prctl(PR_SET_NAME, "creel-memory");
  for (;; pause_ms(MEMORY_INTERVAL_MS)) {
    if (by_kernel) {
      note(LIMIT_MEMORY, cgroup_memory_used());
      /* What is left after one process was ended is in no state that anybody planned; all of it goes. */
      if (cgroup_oom_kills()) shim_end(owner, "memory", limit, limit);
      continue;
    }
    unsigned long long files = memory_files(), sum = memory_of_processes(false, files);
    if (sum > limit) sum = memory_of_processes(true, files);
    note(LIMIT_MEMORY, sum);
    if (sum > limit) shim_end(owner, "memory", limit, sum);
  }
  return NULL;
}

static void *watch_workspace(void *unused) {
  (void)unused;
  const struct spec *spec = owner->spec;
  prctl(PR_SET_NAME, "creel-workspace");
  setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), LEAST_NICE);
  for (int shut = 0;;) {
    long long began = now_ms();
    struct tally tally = {.bytes_max = spec->workspace_bytes, .files_max = spec->workspace_files};
    workspace_measure(owner, &tally);
    note(LIMIT_WORKSPACE_BYTES, tally.bytes);
    note(LIMIT_WORKSPACE_FILES, tally.files);
    if (tally.bytes_max && tally.bytes > tally.bytes_max) shim_end(owner, "workspace", tally.bytes_max, tally.bytes);
    shut = tally.shut ? shut + 1 : 0;
    if (tally.over || shut > SHUT_LOOKS_MAX) shim_end(owner, "workspace", tally.files_max, tally.files);
    long long rest = (now_ms() - began) * WORKSPACE_PAUSE_FACTOR;
    pause_ms(rest > WORKSPACE_INTERVAL_MS ? rest : WORKSPACE_INTERVAL_MS);
  }
  return NULL;
}

static bool start(void *(*watch)(void *)) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, watch, NULL)) return false;
  pthread_detach(thread);
  return true;
}

void watchdog_start(struct shim *shim) {
  const struct spec *spec = shim->spec;
  owner = shim;
  if (spec->memory_bytes) {
    if (!shim->held[LIMIT_MEMORY]) shim->held[LIMIT_MEMORY] = "watchdog";
    if (!start(watch_memory)) die_errno("limits", "the memory watchdog");
  }
  if (!spec->workspace_bytes && !spec->workspace_files) return;
  if (spec->workspace_bytes) shim->held[LIMIT_WORKSPACE_BYTES] = "watchdog";
  if (spec->workspace_files) shim->held[LIMIT_WORKSPACE_FILES] = "watchdog";
  workspace_open(spec);
  if (!start(watch_workspace)) die_errno("limits", "the workspace watchdog");
}
