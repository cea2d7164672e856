/* PID 1 of the sandbox: starts the agent and exec'd commands, reaps everything, reports to the shim.

   Threat: the agent reads or steers its own supervisor. PID 1 is undumpable, carries an empty environment, lives
   under the same Landlock domain and seccomp filter as the agent, and answers only the shim's socket.
   Invariant: when the shim goes away, so does everything here (parent-death signal, end of file, PID namespace). */
#include "creel.h"
#include "kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#define RUNNING_MAX 64

extern char **environ;
static struct { pid_t pid; char id[24]; } running[RUNNING_MAX];
static int control_fd;

struct command { const char *cwd; char **argv, **env; int in, out, err; bool terminal; };

/* In memory that is still PID 1's: it changes nothing there but `error` and `environ`. */
static void become(const struct command *c, volatile int *error) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGPIPE, SIG_DFL);
  setsid();
  /* The leader of a fresh session takes the pty as its own; no other session's terminal can be taken this way. */
  if (c->terminal && ioctl(c->in, TIOCSCTTY, 0)) *error = errno;
  if (dup2(c->in, 0) < 0 || dup2(c->out, 1) < 0 || dup2(c->err, 2) < 0) *error = errno;
  sys_close_from(3);
  if (!*error && chdir(c->cwd)) *error = errno;
  if (!*error) {
    environ = c->env; /* whose PATH says where to look */
    execvp(c->argv[0], c->argv);
    *error = errno;
  }
  _exit(127);
}

/* Returns the pid, or -errno of what kept the command from starting. vfork: the child needs no copy of our memory for the
   few calls to its exec, and we wait for that in any case, so `error` is there when it returns. */
static pid_t start(const struct command *c) {
  static volatile int error;
  char **own = environ;
  error = 0;
  pid_t pid = vfork();
  if (pid == 0) become(c, &error);
  environ = own;
  if (pid < 0) return -errno;
  if (error) waitpid(pid, NULL, 0);
  return error ? -error : pid;
}

static void launch(const char *id, const struct command *c) {
  char number[24];
  int slot = 0;
  while (slot < RUNNING_MAX && running[slot].pid) slot++;
  pid_t pid = slot == RUNNING_MAX ? -EAGAIN : start(c);
  snprintf(number, sizeof number, "%d", pid < 0 ? -pid : pid);
  if (pid < 0) {
    send_words(control_fd, NULL, 0, "failed", id, number, NULL);
    return;
  }
  running[slot].pid = pid;
  snprintf(running[slot].id, sizeof running[slot].id, "%s", id);
  int pidfd = sys_pidfd_open(pid);
  send_words(control_fd, &pidfd, pidfd >= 0, "started", id, number, NULL);
  if (pidfd >= 0) close(pidfd);
}

/* With the agent's end everything ends, and we need not wait for the shim to say so. */
static void reap(void) {
  bool over = false;
  int status;
  char number[24];
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
    for (int i = 0; i < RUNNING_MAX; i++) {
      if (running[i].pid != pid) continue;
      snprintf(number, sizeof number, "%d", status);
      send_words(control_fd, NULL, 0, "exited", running[i].id, number, NULL);
      running[i].pid = 0;
      over = over || !strcmp(running[i].id, "0");
    }
  }
  if (over) _exit(0);
}

static void run_exec(struct items *items, const int *fds, int fd_count) {
  static char *argv[SPEC_LIST_MAX + 1], *env[SPEC_LIST_MAX + 1];
  int argc = 0, envc = 0, null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  struct command c = {"/", argv, env, null, fds[0], fds[1], false};
  for (size_t i = 2; i + 1 < items->count; i += 2) {
    char *word = (char *)items->at[i + 1];
    if (!strcmp(items->at[i], "cwd")) c.cwd = word;
    else if (!strcmp(items->at[i], "arg") && argc < SPEC_LIST_MAX) argv[argc++] = word;
    else if (!strcmp(items->at[i], "env") && envc < SPEC_LIST_MAX) env[envc++] = word;
  }
  argv[argc] = env[envc] = NULL;
  if (argc > 0 && fd_count == 2 && null >= 0) launch(items->at[1], &c);
  else send_words(control_fd, NULL, 0, "failed", items->at[1], "22", NULL);
  if (null >= 0) close(null);
}

static void serve_control(void) {
  static struct items items;
  uint8_t *body = NULL;
  int fds[4], fd_count = 0;
  ssize_t n = frame_receive(control_fd, &body, fds, &fd_count);
  if (n <= 0) _exit(0);
  if (frame_split(body, (size_t)n, &items) && items.count >= 2) {
    if (!strcmp(items.at[0], "exec")) run_exec(&items, fds, fd_count);
    if (!strcmp(items.at[0], "kill") && items.count == 3)
      for (int i = 0; i < RUNNING_MAX; i++)
        if (running[i].pid && !strcmp(running[i].id, items.at[1])) kill(-running[i].pid, atoi(items.at[2]));
  }
  for (int i = 0; i < fd_count; i++) close(fds[i]);
  free(body);
}

void init_main(struct spec *spec, int control, int out_fd, int err_fd, int terminal) {
  sigset_t child;
  control_fd = control;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_SETMASK, &child, NULL);
  int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (signals < 0 || null < 0) die_errno("init", "signalfd or /dev/null");
  struct command agent = {spec->cwd, spec->argv, spec->env, spec->foreground ? 0 : null, out_fd, err_fd, terminal >= 0};
  if (terminal >= 0) agent.in = agent.out = agent.err = terminal;
  launch("0", &agent);
  if (terminal >= 0) close(terminal);
  close(out_fd);
  close(err_fd);
  if (spec->foreground) dup2(null, 0), dup2(null, 1), dup2(null, 2);
  close(status_fd);
  for (;;) {
    struct pollfd fds[2] = {{signals, POLLIN, 0}, {control, POLLIN, 0}};
    if (poll(fds, 2, -1) < 0 && errno != EINTR) _exit(1);
    struct signalfd_siginfo info;
    if (fds[0].revents) while (read(signals, &info, sizeof info) > 0) {}
    reap();
    if (fds[1].revents) serve_control();
  }
}
