/* Names in the workspace that decide what runs on the host later (.git/hooks, .mcp.json, …): the agent can neither change
   nor create them.

   Threat: the agent leaves a hook, an editor's task or a shell's start file behind, and the person who opens the folder
   runs it outside of every layer here.
   Invariant: a protected name is a read-only mount; each directory above it, up to the workspace, is a mount of its own, so
   none can be renamed away. A link is never followed: neither at the name nor above it, nor a second name (hard link) by
   which the same file could be written. What is missing gets a placeholder to mount on: a socket, which git does not see
   and nothing can read, or an empty directory; it is gone when the sandbox is. */
#include "creel.h"
#include "kernel.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define PROTECT_MOUNTS_MAX 512
#define PROTECT_DEPTH_MAX 8

struct place { int dir; char name[NAME_BYTES_MAX]; dev_t dev; ino_t ino; bool is_dir; };
static struct place made[PROTECT_MOUNTS_MAX];
static int made_count;
static bool alone = true;
static int lock = -1;
static struct { char *target; int tree; const char *content; } mounts[PROTECT_MOUNTS_MAX];
static int mount_count;

/* git reads this file wherever it stands and fails on an empty one; "." means what its absence means. */
static const char *neutral(const char *name) {
  size_t n = strlen(name);
  if (!strcmp(name, "commondir")) return ".\n";
  return n > 5 && !strcmp(name + n - 5, ".json") ? "{}\n" : "";
}

static void refuse(const char *path, const char *why) { die("protect", "the protected name %.300s %s", path, why); }

/* A first-level file of a protected directory with a second name could be rewritten by that. */
static void check_links(int fd, const struct stat *st, const char *path) {
  static const char why[] = "has a second name (a hard link) by which it could be written; replace it by a copy";
  if (S_ISREG(st->st_mode) && st->st_nlink > 1) refuse(path, why);
  if (!S_ISDIR(st->st_mode)) return;
  int list = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = list < 0 ? NULL : fdopendir(list);
  struct stat one;
  for (struct dirent *e; dir && (e = readdir(dir));)
    if (!fstatat(list, e->d_name, &one, AT_SYMLINK_NOFOLLOW) && S_ISREG(one.st_mode) && one.st_nlink > 1) refuse(path, why);
  if (dir) closedir(dir);
}

static void remember(int dir, const char *name) {
  struct stat st;
  if (made_count == PROTECT_MOUNTS_MAX || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW)) die("protect", "cannot keep a placeholder for %.200s", name);
  struct place *p = &made[made_count++];
  *p = (struct place){.dir = fcntl(dir, F_DUPFD_CLOEXEC, 3), .dev = st.st_dev, .ino = st.st_ino, .is_dir = S_ISDIR(st.st_mode)};
  snprintf(p->name, sizeof p->name, "%s", name);
}

/* git itself reads commondir on the host, and some file systems hold no sockets: those get a file. */
static void make(int dir, const char *name, bool directory, const char *path) {
  struct stat st;
  const char *text = neutral(name);
  bool made_it = directory ? !mkdirat(dir, name, 0755) : strcmp(name, "commondir") && !mknodat(dir, name, S_IFSOCK | 0600, 0);
  if (!directory && !made_it) {
    int file = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    made_it = file >= 0 && write(file, text, strlen(text)) >= 0;
    if (file >= 0) close(file);
  }
  if (!made_it) refuse(path, "is missing, and nothing can be put there to hold it free");
  if (geteuid() == 0 && !fstat(dir, &st) && fchownat(dir, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW)) refuse(path, strerror(errno));
  remember(dir, name);
}

/* A placeholder that a killed launcher left, or that another sandbox on this workspace made and will not take away. */
static void adopt(int dir, const char *name, const struct stat *st) {
  bool file = S_ISREG(st->st_mode) && !strcmp(name, "commondir") && st->st_size == (off_t)strlen(neutral(name));
  if (!S_ISSOCK(st->st_mode) && (alone || !(S_ISDIR(st->st_mode) || file))) return;
  for (int i = 0; i < made_count; i++)
    if (made[i].ino == st->st_ino && made[i].dev == st->st_dev) return;
  remember(dir, name);
}

static void keep(const char *target, int tree, const char *content) {
  if (mount_count == PROTECT_MOUNTS_MAX) die("protect", "more than %d mounts for protected names", PROTECT_MOUNTS_MAX);
  mounts[mount_count].target = strdup(target);
  mounts[mount_count].tree = tree;
  mounts[mount_count++].content = content;
}

/* A mount of `fd` for `target`: read-only at the protected name itself, as writable as the workspace above it. */
static void clone_mount(struct spec *spec, int fd, const struct stat *st, const char *target, bool leaf) {
  for (int i = 0; i < mount_count; i++)
    if (!strcmp(mounts[i].target, target)) return;
  if (S_ISSOCK(st->st_mode)) {
    keep(target, -1, neutral(strrchr(target, '/') + 1));
    return;
  }
  int tree = sys_open_tree(fd, "", TREE_CLONE | TREE_CLOEXEC | TREE_EMPTY_PATH | (leaf ? TREE_RECURSIVE : 0));
  struct creel_mount_attr attr = {.set = ATTR_NOSUID | ATTR_NODEV | (leaf ? ATTR_RDONLY : 0) | (spec->no_exec ? ATTR_NOEXEC : 0), .propagation = MS_PRIVATE};
  if (tree < 0 || sys_mount_setattr(tree, leaf ? TREE_RECURSIVE : 0, &attr)) refuse(target, strerror(errno));
  if (spec->root_launcher && st->st_uid != spec->host_uid) idmap_tree(tree, st->st_uid, st->st_gid, spec);
  keep(target, tree, NULL);
}

/* Walks to one protected name beneath its workspace. Before the clone it makes what is missing; later it opens the mounts. */
static void walk(struct spec *spec, const struct protect *p, bool making) {
  char target[PATH_BYTES_MAX * 2], name[NAME_BYTES_MAX];
  size_t length = (size_t)snprintf(target, sizeof target, "%s", p->target);
  int dir = open(p->source, O_PATH | O_DIRECTORY | O_CLOEXEC), depth = 0;
  struct stat st;
  if (dir < 0) refuse(p->relative, "lies in a workspace that cannot be opened");
  for (const char *at = p->relative; *at;) {
    size_t n = strcspn(at, "/"), slash = strspn(at + n, "/");
    bool leaf = at[n + slash] == 0;
    if (n == 0 || n >= sizeof name || ++depth > PROTECT_DEPTH_MAX) refuse(p->relative, "is too long or too deep");
    memcpy(name, at, n);
    name[n] = 0;
    length += (size_t)snprintf(target + length, sizeof target - length, "/%s", name);
    at += n + slash;
    int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && making) {
      make(dir, name, !leaf || slash > 0, p->relative);
      fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    }
    if (fd < 0 || fstat(fd, &st)) refuse(p->relative, strerror(errno));
    if (S_ISLNK(st.st_mode)) refuse(p->relative, "is, or lies behind, a symbolic link, which is never followed; remove the link or protect another name");
    /* Where a directory is expected and a file stands (a worktree's .git), the file itself is what must not change. */
    leaf = leaf || !S_ISDIR(st.st_mode);
    if (leaf) check_links(fd, &st, p->relative);
    if (making) adopt(dir, name, &st);
    else clone_mount(spec, fd, &st, target, leaf);
    close(dir);
    dir = fd;
    if (leaf) break;
  }
  close(dir);
}

/* Two sandboxes on one workspace share its placeholders; whoever ends last takes them away. */
void protect_release(void) {
  if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB)) return;
  for (int i = made_count - 1; i >= 0; i--) {
    struct stat st;
    if (fstatat(made[i].dir, made[i].name, &st, AT_SYMLINK_NOFOLLOW) || st.st_ino != made[i].ino || st.st_dev != made[i].dev) continue;
    if (S_ISREG(st.st_mode) && st.st_size != (off_t)strlen(neutral(made[i].name))) continue; /* somebody on the host wrote it */
    unlinkat(made[i].dir, made[i].name, made[i].is_dir ? AT_REMOVEDIR : 0);
  }
  made_count = 0;
}

/* In the shim, before anything of the sandbox exists. */
void protect_prepare(struct spec *spec) {
  if (!spec->protect_count) return;
  lock = open(spec->protect[0].source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  alone = lock >= 0 && !flock(lock, LOCK_EX | LOCK_NB);
  if (lock >= 0) flock(lock, LOCK_SH | LOCK_NB);
  for (int i = 0; i < spec->protect_count; i++) walk(spec, &spec->protect[i], true);
}

void protect_open(struct spec *spec) {
  for (int i = 0; i < spec->protect_count; i++) walk(spec, &spec->protect[i], false);
}

/* In the sandbox's first process: it neither cleans up nor holds a directory of the host. */
void protect_forget(void) {
  at_death = NULL;
  for (int i = 0; i < made_count; i++) close(made[i].dir);
  if (lock >= 0) close(lock);
}

void protect_mount(int root) {
  for (int i = 0; i < mount_count; i++) mount_guard(root, mounts[i].tree, mounts[i].target, mounts[i].content);
}
