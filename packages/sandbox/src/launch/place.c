/* Finds and makes the places in the new root where something is mounted or written.

   Threat: a link that the agent planted in a directory it may write, so that a later mount lands on /usr/bin.
   Invariant: a target is walked component by component without following links, and a mount goes by name only onto what
   this process made a moment ago, with nobody else there yet. */
#include "creel.h"
#include "kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Neighbours follow each other, so the last directory is kept: half of a launch's system calls were this walk. */
static struct { char path[PATH_BYTES_MAX]; int dir; } last = {"", -1};

/* What lies at `target` or below it is another directory now; "" lets go of everything. */
void place_forget(const char *target) {
  size_t n = strlen(target);
  if (last.dir >= 0 && !strncmp(last.path, target, n) && (last.path[n] == 0 || last.path[n] == '/')) {
    close(last.dir);
    last.dir = -1;
  }
}

/* Opens the directory that holds `path`, making missing ones; `leaf` gets the last component. The descriptor stays ours. */
int open_parent(int root, const char *path, char leaf[NAME_BYTES_MAX]) {
  size_t end = strlen(path), n;
  while (end > 0 && path[end - 1] == '/') end--;
  for (n = end; n > 0 && path[n - 1] != '/';) n--;
  if (n == 0 || n == end || end - n >= NAME_BYTES_MAX || n > sizeof last.path) die("root", "unusable target path %.300s", path);
  memcpy(leaf, path + n, end - n);
  leaf[end - n] = 0;
  n--; /* the slash before the name */
  if (last.dir >= 0 && strlen(last.path) == n && !memcmp(last.path, path, n)) return last.dir;
  if (last.dir >= 0) close(last.dir);
  memcpy(last.path, path, n);
  last.path[n] = 0;
  last.dir = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  for (const char *at = last.path; *(at += strspn(at, "/"));) {
    char part[NAME_BYTES_MAX];
    size_t length = strcspn(at, "/");
    if (length >= sizeof part) die("root", "unusable target path %.300s", path);
    memcpy(part, at, length);
    part[length] = 0;
    at += length;
    int next = openat(last.dir, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0 && errno == ENOENT && !mkdirat(last.dir, part, 0755))
      next = openat(last.dir, part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next < 0) die("root", "cannot walk to %.300s at %s (a link is never followed): %s", path, part, strerror(errno));
    close(last.dir);
    last.dir = next;
  }
  return last.dir;
}

/* Something stands there already: it is opened, looked at and mounted on as one. */
static void mount_over(int dir, const char *leaf, int tree, const char *target) {
  struct stat st;
  int at = openat(dir, leaf, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (at < 0) die("root", "no place to mount %.300s: %s", target, strerror(errno));
  if (!fstat(at, &st) && S_ISLNK(st.st_mode)) die("root", "mount target %.300s is a symbolic link", target);
  if (sys_move_mount(tree, at, "")) die("root", "cannot mount on %.300s: %s", target, strerror(errno));
  close(at);
}

void mount_at(int root, int tree, const char *target) {
  char leaf[NAME_BYTES_MAX];
  struct stat st;
  int dir = open_parent(root, target, leaf);
  if (fstat(tree, &st)) die_errno("root", "stat of a mount source");
  bool fresh = S_ISDIR(st.st_mode) ? !mkdirat(dir, leaf, 0755) : !mknodat(dir, leaf, S_IFREG | 0644, 0);
  if (!fresh) mount_over(dir, leaf, tree, target);
  else if (sys_move_mount(tree, dir, leaf)) die("root", "cannot mount on %.300s: %s", target, strerror(errno));
  close(tree);
  place_forget(target);
}
