/* The process outside: holds what the sandbox needs to live, and lives on when its launcher dies.

   Invariant: it owns the listener, the resolver socket and the connect notifications, so restarts of the node agent
   or the gateway lose nothing; when it dies itself, the kernel takes the whole sandbox with it. */
#include "creel.h"
#include "kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#define SIGNAL_STOP_GRACE_MS 5000
/* After the sandbox is dead its pipes hold at most what was buffered; more waiting would only hang the exit. */
#define DRAIN_MS_MAX 2000
#define DRAIN_STEP_MS 50
/* Looking through the host's control groups takes a millisecond, so neither a start nor an end waits for it, and a command
   that is over by then leaves it to others. */
#define SWEEP_AFTER_MS 1000
/* A quarter of an hour fits into poll's int; whoever waits longer looks again. */
#define POLL_MS_MAX 1000000

void shim_signal(struct shim *shim, const char *id, int number) {
  char text[16];
  snprintf(text, sizeof text, "%d", number);
  send_words(shim->control, NULL, 0, "kill", id, text, NULL);
}

void shim_stop(struct shim *shim, long long grace_ms, const char *cause) {
  if (shim->kill_at_ms) return;
  snprintf(shim->stop_cause, sizeof shim->stop_cause, "%s", cause);
  shim_signal(shim, "0", SIGTERM);
  shim->kill_at_ms = now_ms() + grace_ms;
}

static pthread_mutex_t end_lock = PTHREAD_MUTEX_INITIALIZER;

/* PID 1 takes everything in its namespace along, stopped, forking or waiting. It is our child, and finish() reaps it only
   after it has taken the one right to end the sandbox, so here its number is its own. */
void shim_end(struct shim *shim, const char *cause, unsigned long long limit, unsigned long long used) {
  pthread_mutex_lock(&end_lock);
  if (!shim->ending) {
    shim->ending = true;
    snprintf(shim->end_cause, sizeof shim->end_cause, "%s", cause);
    shim->end_limit = limit;
    shim->end_used = used;
    kill(shim->init_pid, SIGKILL);
  }
  pthread_mutex_unlock(&end_lock);
}

/* The pidfd's own entry in /proc says which host pid it stands for. */
static pid_t pid_of(int pidfd) {
  char path[64], text[512], *at;
  snprintf(path, sizeof path, "/proc/self/fdinfo/%d", pidfd);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  text[n > 0 ? n : 0] = 0;
  at = strstr(text, "Pid:");
  return at ? atoi(at + 4) : 0;
}

static bool control_event(struct shim *shim) {
  static struct items items;
  uint8_t *body = NULL;
  int fds[4], fd_count = 0;
  ssize_t n = frame_receive(shim->control, &body, fds, &fd_count);
  if (n <= 0) return false;
  if (frame_split(body, (size_t)n, &items) && items.count >= 3) {
    bool agent = !strcmp(items.at[1], "0");
    if (agent && !strcmp(items.at[0], "started") && fd_count == 1) shim->agent_pid = pid_of(fds[0]);
    else if (agent && !strcmp(items.at[0], "failed")) die("exec", "cannot start %.200s: %s", shim->spec->argv[0], strerror(atoi(items.at[2])));
    else if (agent && !strcmp(items.at[0], "exited")) {
      shim->exited = true;
      shim->wait_status = atoi(items.at[2]);
    } else clients_tell(&items);
  }
  for (int i = 0; i < fd_count; i++) close(fds[i]);
  free(body);
  return true;
}

static void copy_output(int *fd) {
  static uint8_t chunk[65536];
  ssize_t n = read(*fd, chunk, sizeof chunk);
  if (n > 0) log_write(chunk, (size_t)n);
  else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
    close(*fd);
    *fd = -1;
  }
}

static void take_signal(struct shim *shim, int signals) {
  struct signalfd_siginfo info;
  while (read(signals, &info, sizeof info) == sizeof info) {
    int number = (int)info.ssi_signo;
    if (terminal_signal(number)) continue;
    if (number == SIGHUP && shim->spec->foreground && getppid() != shim->spec->caller) {
      shim->exited = true;
      shim->wait_status = SIGKILL;
      return;
    }
    if (shim->spec->foreground) shim_signal(shim, "0", number);
    else if (number == SIGTERM || number == SIGINT) shim_stop(shim, SIGNAL_STOP_GRACE_MS, "stopped");
  }
}

static void finish(struct shim *shim, int signals) {
  pthread_mutex_lock(&end_lock);
  bool by_itself = !shim->ending;
  shim->ending = true; /* a watchdog that still looks comes too late */
  pthread_mutex_unlock(&end_lock);
  kill(shim->init_pid, SIGKILL);
  shim->ended_ms = now_ms();
  shim->refused_forks = cgroup_refused_forks(shim);
  exit_draft(shim);
  waitpid(shim->init_pid, NULL, 0);
  /* The agent itself was what the kernel ended for want of memory, before the watchdog looked. */
  if (by_itself && shim->spec->memory_bytes && cgroup_oom_kills()) {
    snprintf(shim->end_cause, sizeof shim->end_cause, "memory");
    shim->end_limit = shim->end_used = shim->spec->memory_bytes;
  }
  if (shim->end_cause[0] && !shim->exited) {
    shim->exited = true;
    shim->wait_status = SIGKILL;
  }
  shim->refused_forks = cgroup_refused_forks(shim);
  cgroup_remove();
  long long end = now_ms() + DRAIN_MS_MAX;
  while ((shim->out >= 0 || shim->err >= 0) && now_ms() < end) {
    struct pollfd fds[2] = {{shim->out, POLLIN, 0}, {shim->err, POLLIN, 0}};
    poll(fds, 2, DRAIN_STEP_MS);
    if (fds[0].revents) copy_output(&shim->out);
    if (fds[1].revents) copy_output(&shim->err);
  }
  terminal_finish(signals);
  protect_release();
  server_forget();
  exit_record(shim);
  clients_tell_exit(shim->wait_status);
}

static bool in_a_group(const struct shim *shim) {
  for (int i = 0; i < LIMIT_COUNT; i++)
    if (shim->held[i] && !strcmp(shim->held[i], "cgroup")) return true;
  return false;
}

/* Until the grace of a stop is over, or the groups that killed shims left behind are looked for; -1: for ever. */
static int patience(const struct shim *shim, long long sweep_at_ms) {
  long long at = shim->kill_at_ms;
  if (sweep_at_ms && (!at || sweep_at_ms < at)) at = sweep_at_ms;
  long long rest = at - now_ms();
  return !at ? -1 : rest < 0 ? 0 : rest > POLL_MS_MAX ? POLL_MS_MAX : (int)rest;
}

static void loop(struct shim *shim, int signals) {
  bool alive = true;
  long long sweep_at_ms = in_a_group(shim) ? now_ms() + SWEEP_AFTER_MS : 0;
  while (alive && !shim->exited) {
    struct pollfd fds[5 + TERMINAL_POLLS + CLIENTS_MAX] = {
      {signals, POLLIN, 0}, {shim->control, POLLIN, 0}, {shim->server, POLLIN, 0}, {shim->out, POLLIN, 0}, {shim->err, POLLIN, 0}};
    terminal_poll(fds + 5);
    int clients = clients_poll(fds + 5 + TERMINAL_POLLS);
    if (shim->kill_at_ms && now_ms() >= shim->kill_at_ms) {
      /* The grace is over: the whole process tree ends, and the agent counts as killed. */
      shim->exited = true;
      shim->wait_status = SIGKILL;
      return;
    }
    if (sweep_at_ms && now_ms() >= sweep_at_ms) {
      cgroup_sweep();
      sweep_at_ms = 0;
    }
    if (poll(fds, (nfds_t)(5 + TERMINAL_POLLS + clients), patience(shim, sweep_at_ms)) < 0 && errno != EINTR) return;
    if (fds[0].revents) take_signal(shim, signals);
    if (fds[3].revents) copy_output(&shim->out);
    if (fds[4].revents) copy_output(&shim->err);
    terminal_serve(fds + 5);
    if (fds[1].revents) alive = control_event(shim);
    clients_serve(shim, fds + 5 + TERMINAL_POLLS, clients);
    if (fds[2].revents) server_accept(shim);
  }
}

static struct shim shim;

/* A launch that fails leaves nothing: no process, no cgroup, no socket, no placeholder in the workspace. */
static void undo(void) {
  if (shim.init_pid > 0) {
    kill(shim.init_pid, SIGKILL);
    waitpid(shim.init_pid, NULL, 0);
  }
  cgroup_remove();
  server_forget();
  protect_release();
}

int shim_main(struct spec *spec) {
  char self[16], agent[16];
  sigset_t handled;
  shim.spec = spec;
  at_death = undo;
  if (chdir("/")) die_errno("init", "chdir");
  /* Blocked before the clone, so that no signal is lost between here and signalfd; the agent gets a clean mask. */
  sigfillset(&handled);
  sigdelset(&handled, SIGCHLD);
  /* Ignored and not blocked: a blocked one would be queued all the same, and passing it on to a first process that is gone
     would raise the next. */
  signal(SIGPIPE, SIG_IGN);
  sigdelset(&handled, SIGPIPE);
  sigprocmask(SIG_BLOCK, &handled, NULL);
  shim.started_ms = now_ms();
  namespaces_start(&shim);
  prctl(PR_SET_NAME, "creel-shim");
  prctl(PR_SET_DUMPABLE, 0);
  int signals = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
  while (!shim.agent_pid)
    if (!control_event(&shim)) die("init", "the sandbox ended before the agent started");
  snprintf(self, sizeof self, "%d", getpid());
  snprintf(agent, sizeof agent, "%d", shim.agent_pid);
  if (spec->processes && !shim.held[LIMIT_PROCESSES]) shim.held[LIMIT_PROCESSES] = "rlimit";
  if (spec->open_files) shim.held[LIMIT_OPEN_FILES] = "rlimit";
  if (spec->tmp_bytes) shim.held[LIMIT_TMP] = "mount";
  if (spec->cpu_milli && !shim.held[LIMIT_CPUS]) shim.held[LIMIT_CPUS] = "none";
  watchdog_start(&shim);
  if (spec->terminal) terminal_start(shim.terminal[0], shim.terminal[1]);
  send_words(status_fd, NULL, 0, "ok", self, agent, NULL);
  if (!spec->foreground) close(status_fd);
  if (signals < 0) return 125;
  loop(&shim, signals);
  finish(&shim, signals);
  if (!spec->foreground) return 0;
  /* All is done and nothing of the sandbox runs. What the kernel still frees at our end (mounts, memory) keeps nobody waiting. */
  /* Without a word of the agent's end its first process was killed from outside: that is no success. */
  if (!shim.exited) shim.wait_status = SIGKILL;
  int code = WIFEXITED(shim.wait_status) ? WEXITSTATUS(shim.wait_status) : 128 + WTERMSIG(shim.wait_status);
  snprintf(self, sizeof self, "%d", code);
  send_words(status_fd, NULL, 0, "ended", self, NULL);
  return code;
}
