/* shim.sock: what the node agent and the gateway ask of a running sandbox. Only the shim's own user (or root) gets an
   answer; a request is one frame, an answer is one frame, and an exec keeps its connection until the command ends. */
#include "creel.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* A caller that sends half a frame may hold the shim this long, not longer. */
#define CALLER_TIMEOUT_S 2
#define BACKLOG 16

static struct { int fd; char exec_id[24]; bool waits; } clients[CLIENTS_MAX];
static long long next_exec = 1;
static char bound[sizeof((struct sockaddr_un *)0)->sun_path]; /* the socket that is ours to remove */

static bool address(const char *run_dir, struct sockaddr_un *at) {
  memset(at, 0, sizeof *at);
  at->sun_family = AF_UNIX;
  return snprintf(at->sun_path, sizeof at->sun_path, "%s/shim.sock", run_dir) < (int)sizeof at->sun_path;
}

int shim_connect(const char *run_dir) {
  struct sockaddr_un at;
  if (!address(run_dir, &at)) die("control", "the path %s/shim.sock is longer than a socket address", run_dir);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && !connect(fd, (struct sockaddr *)&at, sizeof at)) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

int server_open(const char *run_dir) {
  struct sockaddr_un at;
  struct stat st;
  if (lstat(run_dir, &st) || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
    die("control", "%s must be a directory of this user with mode 0700", run_dir);
  int other = shim_connect(run_dir);
  if (other >= 0) die("control", "a sandbox already runs in %s", run_dir);
  if (!address(run_dir, &at)) die("control", "the path is too long");
  unlink(at.sun_path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  mode_t before = umask(0177);
  if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) || listen(fd, BACKLOG)) die_errno("control", "shim.sock");
  umask(before);
  snprintf(bound, sizeof bound, "%s", at.sun_path);
  for (int i = 0; i < CLIENTS_MAX; i++) clients[i].fd = -1;
  return fd;
}

void server_forget(void) {
  if (bound[0]) unlink(bound);
  bound[0] = 0;
}

void server_accept(struct shim *shim) {
  int fd = accept4(shim->server, NULL, NULL, SOCK_CLOEXEC);
  struct ucred peer;
  socklen_t n = sizeof peer;
  struct timeval limit = {CALLER_TIMEOUT_S, 0};
  if (fd < 0) return;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) || (peer.uid != 0 && peer.uid != geteuid())) {
    close(fd);
    return;
  }
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  for (int i = 0; i < CLIENTS_MAX; i++) {
    if (clients[i].fd >= 0) continue;
    clients[i].fd = fd;
    clients[i].exec_id[0] = 0;
    clients[i].waits = false;
    return;
  }
  close(fd);
}

int clients_poll(struct pollfd *fds) {
  for (int i = 0; i < CLIENTS_MAX; i++) fds[i] = (struct pollfd){clients[i].fd, POLLIN, 0};
  return CLIENTS_MAX;
}

static void drop(struct shim *shim, int i) {
  if (clients[i].exec_id[0]) shim_signal(shim, clients[i].exec_id, SIGKILL);
  close(clients[i].fd);
  clients[i].fd = -1;
}

static void who(struct shim *shim, int fd, struct items *q) {
  uint64_t cookie;
  struct frame answer = {0};
  if (q->count == 5 && diag_cookie(shim->diag, q->at[1], atoi(q->at[2]), q->at[3], atoi(q->at[4]), &cookie) && identity_answer(cookie, &answer))
    frame_send(fd, &answer, NULL, 0);
  else send_words(fd, NULL, 0, "nobody", NULL);
  frame_free(&answer);
}

static void status(struct shim *shim, int fd) {
  struct frame f;
  frame_start(&f);
  frame_text(&f, "status");
  frame_text(&f, shim->spec->id);
  frame_text(&f, shim->kill_at_ms ? "stopping" : "running");
  frame_number(&f, getpid());
  frame_number(&f, shim->agent_pid);
  frame_number(&f, shim->started_ms);
  frame_number(&f, log_total());
  const struct spec *s = shim->spec;
  const unsigned long long asked[LIMIT_COUNT] = {s->memory_bytes, s->processes, s->cpu_milli, s->open_files, s->tmp_bytes, s->workspace_bytes, s->workspace_files};
  for (int i = 0; i < LIMIT_COUNT; i++) {
    frame_text(&f, shim->held[i] ? shim->held[i] : "");
    frame_number(&f, (long long)asked[i]);
    frame_number(&f, (long long)watchdog_used(i));
  }
  frame_text(&f, IDENTITY_ANSWER);
  frame_number(&f, cgroup_refused_forks(shim));
  frame_send(fd, &f, NULL, 0);
  frame_free(&f);
}

static void exec_request(struct shim *shim, int i, struct items *q, int *fds, int fd_count) {
  struct frame f;
  if (fd_count != 2 || q->count % 2 == 0) {
    send_words(clients[i].fd, NULL, 0, "failed", "22", NULL);
    return;
  }
  if (shim->spec->root_launcher)
    for (int k = 0; k < 2; k++)
      if (fchown(fds[k], shim->spec->host_uid, shim->spec->host_gid)) continue;
  snprintf(clients[i].exec_id, sizeof clients[i].exec_id, "%lld", next_exec++);
  frame_start(&f);
  frame_text(&f, "exec");
  frame_text(&f, clients[i].exec_id);
  for (size_t k = 1; k < q->count; k++) frame_text(&f, q->at[k]);
  frame_send(shim->control, &f, fds, 2);
  frame_free(&f);
}

/* It becomes part of exit.json as it is. */
static bool is_cause(const char *word) {
  size_t n = strspn(word, "abcdefghijklmnopqrstuvwxyz");
  return n > 0 && n < CAUSE_BYTES_MAX && word[n] == 0;
}

static bool serve(struct shim *shim, int i) {
  static struct items q;
  uint8_t *body = NULL;
  int fds[4], fd_count = 0, fd = clients[i].fd;
  ssize_t n = frame_receive(fd, &body, fds, &fd_count);
  if (n <= 0) return false;
  bool ok = frame_split(body, (size_t)n, &q);
  if (ok && !strcmp(q.at[0], "who")) who(shim, fd, &q);
  else if (ok && !strcmp(q.at[0], "status")) status(shim, fd);
  else if (ok && !strcmp(q.at[0], "fds")) send_words(fd, (int[]){shim->listener, shim->dns}, 2, "fds", NULL);
  else if (ok && !strcmp(q.at[0], "wait")) clients[i].waits = true;
  else if (ok && !strcmp(q.at[0], "exec") && !clients[i].exec_id[0]) exec_request(shim, i, &q, fds, fd_count);
  else if (ok && !strcmp(q.at[0], "stop") && (q.count == 2 || (q.count == 3 && is_cause(q.at[2])))) {
    shim_stop(shim, atoll(q.at[1]), q.count == 3 ? q.at[2] : "stopped");
    send_words(fd, NULL, 0, "ok", NULL);
  } else if (ok && !strcmp(q.at[0], "kill") && q.count == 2 && is_cause(q.at[1])) {
    send_words(fd, NULL, 0, "ok", NULL);
    shim_end(shim, q.at[1], 0, 0);
  } else if (ok && !strcmp(q.at[0], "resize") && q.count == 3) {
    terminal_resize((unsigned)atoi(q.at[1]), (unsigned)atoi(q.at[2]));
    send_words(fd, NULL, 0, "ok", NULL);
  } else if (ok && !strcmp(q.at[0], "signal") && q.count == 2) {
    shim_signal(shim, "0", atoi(q.at[1]));
    send_words(fd, NULL, 0, "ok", NULL);
  } else send_words(fd, NULL, 0, "error", "control", "unknown request", NULL);
  for (int k = 0; k < fd_count; k++) close(fds[k]);
  free(body);
  return true;
}

void clients_serve(struct shim *shim, const struct pollfd *fds, int count) {
  for (int i = 0; i < count; i++)
    if (clients[i].fd >= 0 && fds[i].fd == clients[i].fd && fds[i].revents && !serve(shim, i)) drop(shim, i);
}

/* An exec's life as PID 1 reports it: started, failed or exited. */
void clients_tell(struct items *event) {
  for (int i = 0; i < CLIENTS_MAX; i++) {
    if (clients[i].fd < 0 || strcmp(clients[i].exec_id, event->at[1])) continue;
    send_words(clients[i].fd, NULL, 0, event->at[0], event->at[2], NULL);
    if (strcmp(event->at[0], "started")) clients[i].exec_id[0] = 0;
  }
}

void clients_tell_exit(int wait_status) {
  char text[16];
  snprintf(text, sizeof text, "%d", wait_status);
  for (int i = 0; i < CLIENTS_MAX; i++)
    if (clients[i].fd >= 0 && clients[i].waits) send_words(clients[i].fd, NULL, 0, "exited", text, NULL);
}
