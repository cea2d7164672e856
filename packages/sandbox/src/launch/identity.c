/* Who opened a connection, recorded while the caller is still stopped inside connect().

   Threat: a program connects and then becomes (exec) or hands the socket to a trusted binary before the gateway
   accepts and looks. Looking after accept() is wrong in nine of ten such tries.
   Invariant: a record is made only while the caller waits, from the file it is executing, and confirmed by
   NOTIF_ID_VALID; one socket with two different callers has no identity; no record means denial. */
#include "creel.h"
#include "kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* Larger than the listener's backlog, so a connection that waited for the gateway still has its record. */
#define RECORDS_MAX 16384
#define HASHES_MAX 256
#define HASHED_BYTES_MAX (1ll << 30)
#define SO_COOKIE_OPTION 57
#define PIDFD_FOR_THREAD 0200u
#define NOTIFY_BYTES_MAX 512

struct record { uint64_t cookie; struct frame answer; char sha[65]; char *path; bool mixed; };
static struct record records[RECORDS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct { dev_t dev; ino_t ino; struct timespec ctime; off_t size; char sha[65]; } hashes[HASHES_MAX];
static struct shim *owner;

struct process { pid_t group, parent, inside; };

static bool read_process(pid_t pid, struct process *p) {
  char path[64], text[4096];
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  if (n <= 0) return false;
  text[n] = 0;
  /* The process names itself in the first line, but cannot put a newline there: the kernel escapes it. */
  char *group = strstr(text, "\nTgid:"), *parent = strstr(text, "\nPPid:"), *inside = strstr(text, "\nNStgid:");
  if (!group || !parent || !inside) return false;
  p->group = atoi(group + 6);
  p->parent = atoi(parent + 6);
  char *end = strchr(inside + 1, '\n');
  if (end) *end = 0;
  char *last = strrchr(inside, '\t');
  p->inside = last ? atoi(last + 1) : 0;
  return true;
}

/* SHA-256 of the open file, remembered by what changes whenever the content can have changed. */
static bool hash_file(int fd, char out[65]) {
  struct stat st;
  if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > HASHED_BYTES_MAX) return false;
  size_t slot = (st.st_ino * 31 + st.st_dev) % HASHES_MAX;
  if (hashes[slot].ino == st.st_ino && hashes[slot].dev == st.st_dev && hashes[slot].size == st.st_size &&
      !memcmp(&hashes[slot].ctime, &st.st_ctim, sizeof st.st_ctim)) {
    memcpy(out, hashes[slot].sha, 65);
    return true;
  }
  static uint8_t chunk[1 << 18];
  struct sha256 s;
  sha256_init(&s);
  ssize_t n;
  while ((n = read(fd, chunk, sizeof chunk)) > 0) sha256_add(&s, chunk, (size_t)n);
  if (n < 0) return false;
  sha256_hex(&s, out);
  hashes[slot].ino = st.st_ino;
  hashes[slot].dev = st.st_dev;
  hashes[slot].size = st.st_size;
  hashes[slot].ctime = st.st_ctim;
  memcpy(hashes[slot].sha, out, 65);
  return true;
}

/* The path comes from the opened file itself, so path and hash always speak of the same file. */
static int open_exe(pid_t pid, char path[PATH_BYTES_MAX]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/%d/exe", pid);
  int fd = open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return -1;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, PATH_BYTES_MAX - 1);
  if (n <= 0) {
    close(fd);
    return -1;
  }
  path[n] = 0;
  return fd;
}

static void add_ancestors(struct frame *answer, pid_t parent) {
  char link[64], path[PATH_BYTES_MAX];
  for (int i = 0; i < ANCESTORS_MAX && parent > 1 && parent != owner->init_pid; i++) {
    struct process p;
    snprintf(link, sizeof link, "/proc/%d/exe", parent);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0 || !read_process(parent, &p)) return;
    frame_bytes(answer, path, (size_t)n);
    parent = p.parent;
  }
}

/* Returns the socket's cookie, 0 for a socket that is not our business, or -errno. */
static int socket_cookie(pid_t tid, pid_t group, int fd_number, uint64_t *cookie) {
  int pidfd = tid == group ? sys_pidfd_open(tid) : (int)syscall(SYS_pidfd_open, tid, PIDFD_FOR_THREAD);
  if (pidfd < 0 && tid != group) pidfd = sys_pidfd_open(group);
  if (pidfd < 0) return -EPERM;
  int fd = sys_pidfd_getfd(pidfd, fd_number), error = errno, domain = 0, type = 0;
  close(pidfd);
  if (fd < 0) return error == EBADF ? -EBADF : -EPERM;
  socklen_t n = sizeof domain, m = sizeof type, c = sizeof *cookie;
  int result = 0;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &m)) result = -ENOTSOCK;
  else if ((domain == AF_INET || domain == AF_INET6) && type == SOCK_STREAM)
    result = getsockopt(fd, SOL_SOCKET, SO_COOKIE_OPTION, cookie, &c) ? -EPERM : 1;
  close(fd);
  return result;
}

static void keep(uint64_t cookie, struct frame *answer, const char *path, const char *sha) {
  struct record *r = &records[cookie % RECORDS_MAX];
  pthread_mutex_lock(&lock);
  bool same = r->cookie == cookie;
  bool mixed = same && (r->mixed || strcmp(r->path, path) || strcmp(r->sha, sha));
  frame_free(&r->answer);
  free(r->path);
  *r = (struct record){.cookie = cookie, .answer = *answer, .path = strdup(path), .mixed = mixed};
  memcpy(r->sha, sha, 65);
  pthread_mutex_unlock(&lock);
}

bool identity_answer(uint64_t cookie, struct frame *answer) {
  struct record *r = &records[cookie % RECORDS_MAX];
  pthread_mutex_lock(&lock);
  bool found = r->cookie == cookie && cookie != 0 && !r->mixed && r->path;
  if (found) {
    frame_start(answer);
    answer->length = 0;
    answer->bytes = realloc(answer->bytes, r->answer.length);
    if (!answer->bytes) abort();
    memcpy(answer->bytes, r->answer.bytes, r->answer.length);
    answer->length = answer->capacity = r->answer.length;
  }
  pthread_mutex_unlock(&lock);
  return found;
}

/* 0: let the call run; otherwise the -errno it gets. */
static int judge(int notify, const struct seccomp_notif *n) {
  struct process p;
  char path[PATH_BYTES_MAX], sha[65];
  uint64_t cookie = 0, id = n->id;
  pid_t tid = (pid_t)n->pid;
  if (!read_process(tid, &p)) return -EPERM;
  int kind = socket_cookie(tid, p.group, (int)n->data.args[0], &cookie);
  if (kind <= 0) return kind;
  int exe = open_exe(tid, path);
  if (exe < 0) return -EPERM;
  bool hashed = hash_file(exe, sha);
  close(exe);
  if (!hashed) return -EPERM;
  struct frame answer;
  frame_start(&answer);
  frame_text(&answer, "who");
  frame_text(&answer, path);
  frame_text(&answer, sha);
  frame_number(&answer, p.inside);
  frame_number(&answer, p.group);
  add_ancestors(&answer, p.parent);
  if (ioctl(notify, SECCOMP_IOCTL_NOTIF_ID_VALID, &id)) {
    frame_free(&answer);
    return -EPERM;
  }
  keep(cookie, &answer, path, sha);
  return 0;
}

static void *watch(void *unused) {
  (void)unused;
  static union { struct seccomp_notif call; uint8_t space[NOTIFY_BYTES_MAX]; } in;
  static union { struct seccomp_notif_resp answer; uint8_t space[NOTIFY_BYTES_MAX]; } out;
  prctl(PR_SET_NAME, "creel-identity");
  for (;;) {
    struct pollfd fd = {owner->notify, POLLIN, 0};
    if (poll(&fd, 1, -1) < 0 && errno != EINTR) return NULL;
    if (fd.revents & POLLHUP) return NULL;
    if (!(fd.revents & POLLIN)) continue;
    memset(&in, 0, sizeof in);
    memset(&out, 0, sizeof out);
    if (ioctl(owner->notify, SECCOMP_IOCTL_NOTIF_RECV, &in.call)) continue;
    int error = judge(owner->notify, &in.call);
    out.answer.id = in.call.id;
    out.answer.error = error;
    out.answer.flags = error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ioctl(owner->notify, SECCOMP_IOCTL_NOTIF_SEND, &out.answer);
  }
}

void identity_start(struct shim *shim) {
  pthread_t thread;
  owner = shim;
  if (pthread_create(&thread, NULL, watch, NULL)) die("seccomp", "cannot start the connect watcher");
  pthread_detach(thread);
}
