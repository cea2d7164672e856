/* Who opened a connection, recorded while the caller is still stopped inside connect().

   Threat: a program connects and then becomes (exec) or hands the socket to a trusted binary before the gateway
   accepts and looks. Looking after accept() is wrong in nine of ten such tries.
   Invariant: a record is made only while the caller waits, from the file it is executing, and confirmed by
   NOTIF_ID_VALID; one socket with two different callers has no identity; no record means denial. */
#include "creel.h"
#include "identity.h"
#include "kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
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

/* Hashing this much takes long enough that other programs would wait for it; a second watcher serves them meanwhile. */
#define HASHED_ALONE_BYTES_MAX (4ll << 20)
/* A file changed within this time of being read may change again without its time moving. */
#define SETTLED_S 2

struct record { uint64_t cookie; struct frame answer; char sha[65]; char *path, *library; bool mixed; };
static struct record records[RECORDS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct { dev_t dev; ino_t ino; struct timespec ctime; off_t size; char sha[65]; } hashes[HASHES_MAX];
static pthread_mutex_t hash_lock = PTHREAD_MUTEX_INITIALIZER;
static struct shim *owner;

struct process { pid_t group, parent, inside; int threads; };

static void watcher_start(void);

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
  char *threads = strstr(text, "\nThreads:");
  if (!group || !parent || !inside || !threads) return false;
  p->group = atoi(group + 6);
  p->parent = atoi(parent + 6);
  p->threads = atoi(threads + 9);
  char *end = strchr(inside + 1, '\n');
  if (end) *end = 0;
  char *last = strrchr(inside, '\t');
  p->inside = last ? atoi(last + 1) : 0;
  return true;
}

/* SHA-256 of the open file, remembered by what changes whenever the content can have changed. A file that runs cannot be
   open for writing, so its content stands still; one that changed just now is read again, for clocks are coarse. */
static bool hash_locked(int fd, const struct stat *st, char out[65]) {
  static uint8_t chunk[1 << 18];
  size_t slot = (st->st_ino * 31 + st->st_dev) % HASHES_MAX;
  if (hashes[slot].ino == st->st_ino && hashes[slot].dev == st->st_dev && hashes[slot].size == st->st_size &&
      !memcmp(&hashes[slot].ctime, &st->st_ctim, sizeof st->st_ctim)) {
    memcpy(out, hashes[slot].sha, 65);
    return true;
  }
  static bool helped;
  if (st->st_size > HASHED_ALONE_BYTES_MAX && !helped) watcher_start();
  helped |= st->st_size > HASHED_ALONE_BYTES_MAX;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  struct sha256 s;
  sha256_init(&s);
  ssize_t n;
  while ((n = read(fd, chunk, sizeof chunk)) > 0) sha256_add(&s, chunk, (size_t)n);
  if (n < 0) return false;
  sha256_hex(&s, out);
  if (st->st_ctim.tv_sec + SETTLED_S > now.tv_sec) return true;
  hashes[slot].ino = st->st_ino;
  hashes[slot].dev = st->st_dev;
  hashes[slot].size = st->st_size;
  hashes[slot].ctime = st->st_ctim;
  memcpy(hashes[slot].sha, out, 65);
  return true;
}

static bool hash_file(int fd, char out[65]) {
  struct stat st;
  if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > HASHED_BYTES_MAX) return false;
  pthread_mutex_lock(&hash_lock);
  bool done = hash_locked(fd, &st, out);
  pthread_mutex_unlock(&hash_lock);
  return done;
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

/* When the process was started, in clock ticks since boot; -1 when it is gone. */
static int64_t start_tick(pid_t pid) {
  char path[64], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  text[n > 0 ? n : 0] = 0;
  char *at = strrchr(text, ')'); /* the process chose what stands before */
  for (int field = 2; at && field < 22; field++) at = strchr(at + 1, ' ');
  return at ? atoll(at + 1) : -1;
}

/* The parents, nearest first, each only when it is certain that the program it is now started the child: not one that
   became it later, nor one with foreign code inside. A parent that dies hands its children to PID 1, so a child that
   still names it after we looked was its child all the while. */
static void add_ancestors(struct frame *answer, pid_t child, pid_t parent) {
  char link[64], path[PATH_BYTES_MAX], library[PATH_BYTES_MAX];
  for (int i = 0; i < ANCESTORS_MAX && parent > 1 && parent != owner->init_pid; i++) {
    struct process p, again;
    snprintf(link, sizeof link, "/proc/%d/exe", parent);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0 || !read_process(parent, &p)) return;
    path[n] = 0;
    bool counts = image_started(parent, child, start_tick(child)) && image_is_genuine(parent, link, path) &&
                  image_library(parent, library) && !library[0];
    if (!read_process(child, &again) || again.parent != parent) return;
    if (counts) frame_bytes(answer, path, (size_t)n);
    child = parent;
    parent = p.parent;
  }
}

int descriptor_of(pid_t tid, int fd_number) {
  struct process p;
  int pidfd = (int)syscall(SYS_pidfd_open, tid, PIDFD_FOR_THREAD);
  if (pidfd < 0) pidfd = sys_pidfd_open(tid);
  /* Before Linux 6.9 only the first thread of a process has one; the others share its descriptors. */
  if (pidfd < 0 && read_process(tid, &p)) pidfd = sys_pidfd_open(p.group);
  if (pidfd < 0) return -EPERM;
  int fd = sys_pidfd_getfd(pidfd, fd_number), error = errno;
  close(pidfd);
  return fd >= 0 ? fd : error == EBADF ? -EBADF : -EPERM;
}

/* Returns 1 with the socket's cookie, 0 for a socket that is not our business, or -errno. */
static int socket_cookie(pid_t tid, int fd_number, uint64_t *cookie) {
  int fd = descriptor_of(tid, fd_number), domain = 0, type = 0;
  if (fd < 0) return fd;
  socklen_t n = sizeof domain, m = sizeof type, c = sizeof *cookie;
  int result = 0;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &m)) result = -ENOTSOCK;
  else if ((domain == AF_INET || domain == AF_INET6) && type == SOCK_STREAM)
    result = getsockopt(fd, SOL_SOCKET, SO_COOKIE_OPTION, cookie, &c) ? -EPERM : 1;
  close(fd);
  return result;
}

static void keep(uint64_t cookie, struct frame *answer, const char *path, const char *library, const char *sha) {
  struct record *r = &records[cookie % RECORDS_MAX];
  pthread_mutex_lock(&lock);
  bool same = r->cookie == cookie;
  bool mixed = same && (r->mixed || strcmp(r->path, path) || strcmp(r->library, library) || strcmp(r->sha, sha));
  frame_free(&r->answer);
  free(r->path);
  free(r->library);
  *r = (struct record){.cookie = cookie, .answer = *answer, .path = strdup(path), .library = strdup(library), .mixed = mixed};
  if (!r->path || !r->library) abort();
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
  char path[PATH_BYTES_MAX], library[PATH_BYTES_MAX], link[64], sha[65];
  uint64_t cookie = 0, id = n->id;
  pid_t tid = (pid_t)n->pid;
  if (!read_process(tid, &p)) return -EPERM;
  int kind = socket_cookie(tid, (int)n->data.args[0], &cookie);
  if (kind <= 0) return kind;
  int exe = open_exe(tid, path);
  if (exe < 0) return -EPERM;
  bool hashed = hash_file(exe, sha);
  close(exe);
  if (!hashed || !image_library(tid, library)) return -EPERM;
  snprintf(link, sizeof link, "/proc/%d/exe", tid);
  if (!library[0] && !image_is_genuine(tid, link, path)) memcpy(library, path, sizeof path);
  struct frame answer;
  frame_start(&answer);
  frame_text(&answer, IDENTITY_ANSWER);
  frame_text(&answer, path);
  frame_text(&answer, sha);
  frame_number(&answer, p.inside);
  frame_number(&answer, p.group);
  frame_text(&answer, library);
  add_ancestors(&answer, p.group, p.parent);
  if (ioctl(notify, SECCOMP_IOCTL_NOTIF_ID_VALID, &id)) {
    frame_free(&answer);
    return -EPERM;
  }
  keep(cookie, &answer, path, library, sha);
  return 0;
}

static int answer_to(const struct seccomp_notif *n) {
  struct process p;
  switch (n->data.nr) {
  case SYS_connect: return judge(owner->notify, n);
  case SYS_mmap: return image_maps_code((pid_t)n->pid, (int)n->data.args[4]);
  default: /* exec, by either name */
    if (!read_process((pid_t)n->pid, &p)) return -EPERM;
    image_becomes(p.group, p.threads);
    return 0;
  }
}

static void *watch(void *unused) {
  (void)unused;
  union { struct seccomp_notif call; uint8_t space[NOTIFY_BYTES_MAX]; } in;
  union { struct seccomp_notif_resp answer; uint8_t space[NOTIFY_BYTES_MAX]; } out;
  prctl(PR_SET_NAME, "creel-identity");
  for (;;) {
    struct pollfd fd = {owner->notify, POLLIN, 0};
    if (poll(&fd, 1, -1) < 0 && errno != EINTR) return NULL;
    if (fd.revents & POLLHUP) return NULL;
    if (!(fd.revents & POLLIN)) continue;
    memset(&in, 0, sizeof in);
    memset(&out, 0, sizeof out);
    if (ioctl(owner->notify, SECCOMP_IOCTL_NOTIF_RECV, &in.call)) continue;
    int error = answer_to(&in.call);
    out.answer.id = in.call.id;
    out.answer.error = error;
    out.answer.flags = error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ioctl(owner->notify, SECCOMP_IOCTL_NOTIF_SEND, &out.answer);
  }
}

static sem_t ready;

static void *first_watch(void *unused) {
  while (sem_wait(&ready) && errno == EINTR) {}
  return watch(unused);
}

static void watcher_start(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, watch, NULL)) return;
  pthread_detach(thread);
}

/* The thread is started while the sandbox is still being built, and looks once there is something to look at. */
void identity_start(struct shim *shim) {
  pthread_t thread;
  owner = shim;
  if (sem_init(&ready, 0, 0) || pthread_create(&thread, NULL, first_watch, NULL)) die("seccomp", "cannot start the connect watcher");
  pthread_detach(thread);
}

void identity_watch(void) { sem_post(&ready); }
