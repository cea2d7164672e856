/* Memory, processor time and processes of the whole sandbox, held by the kernel where this user may make control groups: v1
   below our own group of each controller, v2 beside our own group. Where it may not, nobody is moved into a group and the watchdog
   holds memory instead, the resource limit holds processes; nobody holds processor time then, nor counts refused forks. */
#include "creel.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT "/sys/fs/cgroup"
#define PREFIX "creel-"
#define GROUP_PATH_MAX (PATH_BYTES_MAX + 128)
/* The kernel's usual accounting period; a quota below a hundredth of it would be refused. */
#define CPU_PERIOD_US 100000ull
#define CPU_QUOTA_US_MIN 1000ull
#define MAKE_TRIES_MAX 8
/* Hosts have a few hundred groups, and sessions lie about five deep. */
#define SWEEP_GROUPS_MAX 4096
#define SWEEP_DEPTH_MAX 10

enum { V2, V1_MEMORY, V1_CPU, V1_PROCESSES, GROUPS };
static char groups[GROUPS][GROUP_PATH_MAX];
static unsigned ready[GROUPS]; /* the limits, as bits, that hold whoever is in the group */
static int doors[GROUPS];      /* v1: the file by which to join, or 0 */
static int locks[GROUPS];      /* the directory itself, locked as long as the shim lives */

static bool put(const char *directory, const char *file, const char *text) {
  char path[GROUP_PATH_MAX + 64];
  snprintf(path, sizeof path, "%s/%s", directory, file);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
  if (fd >= 0) close(fd);
  return ok;
}

static bool put_number(const char *directory, const char *file, unsigned long long number) {
  char text[32];
  snprintf(text, sizeof text, "%llu", number);
  return put(directory, file, text);
}

static ssize_t get(const char *directory, const char *file, char *text, size_t size) {
  char path[GROUP_PATH_MAX + 64];
  snprintf(path, sizeof path, "%s/%s", directory, file);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);
  if (fd >= 0) close(fd);
  text[n > 0 ? n : 0] = 0;
  return n;
}

/* Our own group in the hierarchy of `controller` ("" for v2), as the kernel names it. */
static bool own_group(const char *controller, char out[PATH_BYTES_MAX]) {
  char line[PATH_BYTES_MAX];
  FILE *own = fopen("/proc/self/cgroup", "re");
  bool found = false;
  while (own && !found && fgets(line, sizeof line, own)) {
    line[strcspn(line, "\n")] = 0;
    char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;
    if (!path) continue;
    *path++ = 0;
    if (!*controller) found = !names[1] && line[0] == '0';
    for (char *save, *name = strtok_r(names + 1, ",", &save); *controller && name && !found; name = strtok_r(NULL, ",", &save))
      found = !strcmp(name, controller);
    if (found) snprintf(out, PATH_BYTES_MAX, "%s", path);
  }
  if (own) fclose(own);
  return found;
}

/* The directory in which this process may make a group with this controller; false when there is none. */
static bool parent(const char *controller, bool v2, char out[PATH_BYTES_MAX]) {
  char own[PATH_BYTES_MAX], text[PATH_BYTES_MAX];
  if (!own_group(v2 ? "" : controller, own)) return false;
  if (v2) {
    /* A group with processes may not hand controllers down, so ours becomes a sibling. */
    char *slash = strrchr(own, '/');
    if (slash) *slash = 0;
    snprintf(out, PATH_BYTES_MAX, ROOT "%.3000s", own);
    return !access(out, W_OK) && get(out, "cgroup.subtree_control", text, sizeof text) > 0 && strstr(text, controller);
  }
  snprintf(out, PATH_BYTES_MAX, ROOT "/%s%.3000s", controller, own);
  /* A container sees its group as the root of the hierarchy, under a path that names nothing in there. */
  if (access(out, F_OK)) snprintf(out, PATH_BYTES_MAX, ROOT "/%s", controller);
  return !access(out, W_OK);
}

static bool is_v2(void) { return access(ROOT "/cgroup.controllers", F_OK) == 0; }

bool cgroup_available(void) {
  char at[PATH_BYTES_MAX];
  return parent("memory", is_v2(), at);
}

/* Its shim holds a lock on it, which ends with the shim, and which everybody sees: in a container our number names another. */
static bool is_abandoned(int directory, const char *name) {
  int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  bool abandoned = fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB);
  if (fd >= 0) close(fd);
  return abandoned;
}

/* Groups of shims that were killed: nobody else removes them. One with a process inside cannot be removed at all. */
static void sweep(int directory, int depth, int *rest) {
  DIR *groups_in = fdopendir(directory);
  if (!groups_in) {
    close(directory);
    return;
  }
  for (struct dirent *entry; *rest > 0 && (entry = readdir(groups_in));) {
    if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
    --*rest;
    bool ours = !strncmp(entry->d_name, PREFIX, strlen(PREFIX));
    if (ours && is_abandoned(directory, entry->d_name)) unlinkat(directory, entry->d_name, AT_REMOVEDIR);
    int below = ours || !depth ? -1 : openat(directory, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (below >= 0) sweep(below, depth - 1, rest);
  }
  closedir(groups_in);
}

/* All that this user can reach: a shim's group lies where its caller was, which may have been another session. */
void cgroup_sweep(void) {
  int rest = SWEEP_GROUPS_MAX, fd = open(ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) sweep(fd, SWEEP_DEPTH_MAX, &rest);
}

/* Between the making and the lock a sweep may take the new group for an abandoned one, so it is made again. */
static bool make(int which, const struct spec *spec, const char *at) {
  char *path = groups[which];
  if (path[0]) return true;
  snprintf(path, GROUP_PATH_MAX, "%.3500s/" PREFIX "%.64s-%d", at, spec->id, getpid());
  for (int i = 0; i < MAKE_TRIES_MAX; i++) {
    if (mkdir(path, 0755)) {
      if (errno != EEXIST || !is_abandoned(AT_FDCWD, path) || rmdir(path)) break;
      continue;
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    locks[which] = fd;
    if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB) && !access(path, F_OK)) return true;
    if (fd >= 0) close(fd);
  }
  path[0] = 0;
  return false;
}

static bool set_memory(int which, unsigned long long bytes) {
  if (which != V2) {
    bool ok = put_number(groups[which], "memory.limit_in_bytes", bytes);
    put_number(groups[which], "memory.memsw.limit_in_bytes", bytes); /* absent where swap is not accounted */
    return ok;
  }
  put(groups[V2], "memory.swap.max", "0");
  put(groups[V2], "memory.oom.group", "1");
  return put_number(groups[V2], "memory.max", bytes);
}

static bool set_cpu(int which, unsigned long long milli) {
  unsigned long long quota = milli * CPU_PERIOD_US / 1000;
  if (quota < CPU_QUOTA_US_MIN) quota = CPU_QUOTA_US_MIN;
  char text[64];
  snprintf(text, sizeof text, "%llu %llu", quota, CPU_PERIOD_US);
  if (which == V2) return put(groups[V2], "cpu.max", text);
  return put_number(groups[which], "cpu.cfs_period_us", CPU_PERIOD_US) && put_number(groups[which], "cpu.cfs_quota_us", quota);
}

/* Makes the groups and sets their limits; nobody is in them yet. */
void cgroup_prepare(const struct spec *spec) {
  char at[PATH_BYTES_MAX], path[GROUP_PATH_MAX + 64];
  if (!spec->memory_bytes && !spec->cpu_milli && !spec->count_forks) return;
  bool v2 = is_v2();
  int of_memory = v2 ? V2 : V1_MEMORY, of_cpu = v2 ? V2 : V1_CPU, of_processes = v2 ? V2 : V1_PROCESSES;
  if (spec->memory_bytes && parent("memory", v2, at) && make(of_memory, spec, at) && set_memory(of_memory, spec->memory_bytes)) ready[of_memory] |= 1u << LIMIT_MEMORY;
  if (spec->cpu_milli && parent("cpu", v2, at) && make(of_cpu, spec, at) && set_cpu(of_cpu, spec->cpu_milli)) ready[of_cpu] |= 1u << LIMIT_CPUS;
  if (spec->count_forks && parent("pids", v2, at) && make(of_processes, spec, at) && put_number(groups[of_processes], "pids.max", spec->processes))
    ready[of_processes] |= 1u << LIMIT_PROCESSES;
  for (int i = V2 + 1; i < GROUPS; i++) {
    if (!ready[i]) continue;
    snprintf(path, sizeof path, "%s/tasks", groups[i]);
    doors[i] = open(path, O_WRONLY | O_CLOEXEC);
  }
}

/* v2, from outside: puts the process `pid` into the group. Returns the limits that hold it now, as bits. */
unsigned cgroup_move(pid_t pid) {
  return ready[V2] && put_number(groups[V2], "cgroup.procs", (unsigned long long)pid) ? ready[V2] : 0;
}

void cgroup_close_doors(void) {
  for (int i = 0; i < GROUPS; i++) {
    if (doors[i] > 0) close(doors[i]);
    doors[i] = 0;
  }
}

/* v1, in the sandbox's first process while it has one thread. A thread that moves itself is moved at once; a process named
   by its number waits until every processor has passed a quiet point, which takes 2 ms, and 10 on a busy host. What was
   inherited for it goes: PID 1 holds nothing of the host, and the lock is the shim's. */
unsigned cgroup_join(void) {
  unsigned held = 0;
  for (int i = V2 + 1; i < GROUPS; i++)
    if (doors[i] > 0 && write(doors[i], "0", 1) == 1) held |= ready[i];
  cgroup_close_doors();
  for (int i = 0; i < GROUPS; i++)
    if (locks[i] > 0) close(locks[i]);
  return held;
}

/* How many processes and threads the kernel refused at the limit; -1 where it does not count them. */
long long cgroup_refused_forks(const struct shim *shim) {
  char text[256], *at;
  if (!shim->held[LIMIT_PROCESSES] || strcmp(shim->held[LIMIT_PROCESSES], "cgroup")) return -1;
  get(groups[groups[V2][0] ? V2 : V1_PROCESSES], "pids.events", text, sizeof text);
  return (at = strstr(text, "max ")) ? strtoll(at + 4, NULL, 10) : -1;
}

/* How often the kernel has ended a process of the sandbox for want of memory. */
unsigned long long cgroup_oom_kills(void) {
  char text[1024], *at;
  if (groups[V2][0]) get(groups[V2], "memory.events", text, sizeof text);
  else if (groups[V1_MEMORY][0]) get(groups[V1_MEMORY], "memory.oom_control", text, sizeof text);
  else return 0;
  at = strstr(text, "oom_kill ");
  return at ? strtoull(at + 9, NULL, 10) : 0;
}

unsigned long long cgroup_memory_used(void) {
  char text[64];
  if (groups[V2][0]) get(groups[V2], "memory.current", text, sizeof text);
  else if (groups[V1_MEMORY][0]) get(groups[V1_MEMORY], "memory.usage_in_bytes", text, sizeof text);
  else return 0;
  return strtoull(text, NULL, 10);
}

void cgroup_remove(void) {
  for (int i = 0; i < GROUPS; i++)
    if (groups[i][0] && !rmdir(groups[i])) groups[i][0] = 0;
}
