/* One memory limit for the whole sandbox, where this user may make a cgroup: v1 `memory`, or v2 below our own group.
   Without one the sandbox still runs and the host probe says "weaker"; a limit that is refused ends the launch. */
#include "creel.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define V1_ROOT "/sys/fs/cgroup/memory"
#define V2_ROOT "/sys/fs/cgroup"

static char group[PATH_BYTES_MAX];

static bool put(const char *directory, const char *file, const char *text) {
  char path[PATH_BYTES_MAX + 64];
  snprintf(path, sizeof path, "%s/%s", directory, file);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
  if (fd >= 0) close(fd);
  return ok;
}

/* The directory under which this process may make a group with a memory limit; false when there is none. */
static bool parent(char out[PATH_BYTES_MAX], bool *v2) {
  char path[PATH_BYTES_MAX + 64], line[PATH_BYTES_MAX];
  *v2 = access(V2_ROOT "/cgroup.controllers", F_OK) == 0;
  if (!*v2) {
    snprintf(out, PATH_BYTES_MAX, V1_ROOT);
    return access(V1_ROOT "/memory.limit_in_bytes", F_OK) == 0 && access(V1_ROOT, W_OK) == 0;
  }
  FILE *own = fopen("/proc/self/cgroup", "re");
  if (!own) return false;
  bool found = false;
  while (!found && fgets(line, sizeof line, own)) {
    if (strncmp(line, "0::", 3)) continue;
    line[strcspn(line, "\n")] = 0;
    /* A group with processes may not hand controllers down, so ours becomes a sibling. */
    char *slash = strrchr(line + 3, '/');
    if (slash) *slash = 0;
    snprintf(out, PATH_BYTES_MAX, V2_ROOT "%.3000s", line + 3);
    found = true;
  }
  fclose(own);
  if (!found || access(out, W_OK)) return false;
  snprintf(path, sizeof path, "%s/cgroup.subtree_control", out);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? 0 : read(fd, line, sizeof line - 1);
  if (fd >= 0) close(fd);
  line[n > 0 ? n : 0] = 0;
  return strstr(line, "memory") != NULL;
}

bool cgroup_available(void) {
  char at[PATH_BYTES_MAX];
  bool v2;
  return parent(at, &v2);
}

/* Puts the sandbox's first process, and so all of it, under the limit. Returns whether a limit is in force. */
bool cgroup_limit(const struct spec *spec, pid_t pid) {
  char at[PATH_BYTES_MAX], text[32];
  bool v2;
  if (spec->memory_bytes == 0 || !parent(at, &v2)) return false;
  snprintf(group, sizeof group, "%.3500s/creel-%.64s-%d", at, spec->id, getpid());
  if (mkdir(group, 0755)) die("limits", "cannot make the cgroup %.300s: %s", group, strerror(errno));
  snprintf(text, sizeof text, "%llu", spec->memory_bytes);
  bool ok = put(group, v2 ? "memory.max" : "memory.limit_in_bytes", text);
  snprintf(text, sizeof text, "%d", pid);
  if (ok && put(group, "cgroup.procs", text)) return true;
  cgroup_remove();
  die("limits", "the kernel refused the memory limit of %llu bytes", spec->memory_bytes);
}

void cgroup_remove(void) {
  if (group[0]) rmdir(group);
}
