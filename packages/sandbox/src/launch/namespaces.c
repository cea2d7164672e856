/* Makes the namespaces and walks the sandbox's first process through every layer, in the only order that works:
   ids, network, root, limits, capabilities, Landlock, seccomp, then the agent. A layer that fails ends the launch. */
#include "creel.h"
#include "identity.h"
#include "kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* The network's own is made by the child's first thread: making it takes longest, and meanwhile another builds the root. */
#define NAMESPACES (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)
/* Room for the frames of root.c and protect.c, whose paths are a few pages each; the kernel's own stack is not in it. */
#define BUILDER_STACK_BYTES (256 * 1024)

static void write_proc(pid_t pid, const char *name, const char *text) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) die("userns", "cannot write %s: %s", name, strerror(errno));
  close(fd);
}

static void write_map(pid_t pid, const char *name, unsigned inside, unsigned outside) {
  char line[48];
  snprintf(line, sizeof line, "%u %u 1\n", inside, outside);
  write_proc(pid, name, line);
}

/* Files of `owner` appear as the agent's and what the agent writes is the owner's again: root's workspace needs no chown. */
void idmap_tree(int tree, unsigned owner, unsigned group, const struct spec *spec) {
  int gate[2];
  if (pipe2(gate, O_CLOEXEC)) die_errno("root", "pipe");
  pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
  if (pid < 0) die_errno("root", "user namespace for a mapped mount");
  if (pid == 0) {
    char end;
    close(gate[1]);
    _exit(read(gate[0], &end, 1) < 0);
  }
  write_map(pid, "uid_map", owner, spec->host_uid);
  write_map(pid, "gid_map", group, spec->host_gid);
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
  int userns = open(path, O_RDONLY | O_CLOEXEC);
  struct creel_mount_attr attr = {.set = ATTR_IDMAP, .userns_fd = (uint64_t)userns};
  if (userns < 0 || sys_mount_setattr(tree, 0, &attr))
    die("root", "a writable mount owned by uid %u cannot be mapped to the agent (%s); give it to uid %u with chown", owner, strerror(errno), spec->host_uid);
  close(userns);
  close(gate[0]);
  close(gate[1]);
  waitpid(pid, NULL, 0);
}

static struct { struct spec *spec; pthread_t thread; pid_t id; sem_t entered; int gate; } builder;

/* Waits until ids have a meaning in here. The shim writes one answer for each of the two threads; where it is gone, all is over. */
static unsigned pass_gate(int gate) {
  unsigned held;
  if (read(gate, &held, sizeof held) != sizeof held) _exit(125);
  return held;
}

/* The calling thread alone, by the bare system calls: libc's would change, and interrupt, the other one as well. */
static void become_unprivileged(const struct spec *spec) {
  if (!spec->root_launcher) return;
  /* Its groups go, its id becomes the unprivileged one; capabilities stay for now. */
  if (syscall(SYS_setgroups, 0, NULL) || syscall(SYS_setresgid, INSIDE_ID, INSIDE_ID, INSIDE_ID) ||
      syscall(SYS_setresuid, INSIDE_ID, INSIDE_ID, INSIDE_ID))
    die_errno("userns", "becoming the unprivileged user");
}

/* Runs beside the first thread, with all of the rights that one had; `die` in it ends the whole launch. */
static void *build_root(void *unused) {
  (void)unused;
  builder.id = (pid_t)syscall(SYS_gettid);
  pass_gate(builder.gate);
  become_unprivileged(builder.spec);
  if (!builder.spec->root_launcher) mounts_open(builder.spec);
  int root = root_enter(builder.spec);
  sem_post(&builder.entered);
  root_detach(root);
  return NULL;
}

static void builder_start(struct spec *spec, int gate) {
  pthread_attr_t small;
  builder.spec = spec;
  builder.gate = gate;
  if (sem_init(&builder.entered, 0, 0) || pthread_attr_init(&small) || pthread_attr_setstacksize(&small, BUILDER_STACK_BYTES) ||
      pthread_create(&builder.thread, &small, build_root, NULL))
    die("init", "cannot start the thread that builds the root");
}

/* It has run its last instruction once it is joined; its place among the sandbox's processes, which may be few, is free a
   moment later. */
static void builder_end(void) {
  if (pthread_join(builder.thread, NULL)) die("init", "waiting for the root");
  while (!syscall(SYS_tgkill, getpid(), builder.id, 0)) sched_yield();
}

static void network(int control, unsigned held) {
  struct net_fds net;
  char bits[16];
  net_setup(&net);
  int net_list[3] = {net.listener, net.dns, net.diag};
  snprintf(bits, sizeof bits, "%u", held);
  if (send_words(control, net_list, 3, "net", bits, NULL)) die_errno("network", "handing out the sockets");
  for (int i = 0; i < 3; i++) close(net_list[i]);
}

static void inside(struct spec *spec, int control, int gate, int out, int err) {
  protect_forget();
  builder_start(spec, gate);
  /* From here on this thread, which becomes PID 1, has no network but the sandbox's. A failure is told behind the gate, where
     the shim listens: before it, the shim would stumble over our end and tell of that instead. */
  int refused = unshare(CLONE_NEWNET) ? errno : 0;
  unsigned held = pass_gate(gate);
  if (refused) die("network", "cannot make the network namespace: %s", strerror(refused));
  held |= cgroup_join();
  /* Ours would refuse first, and nobody would count it; so it stands just behind the group's. */
  if (held & 1u << LIMIT_PROCESSES) spec->processes++;
  become_unprivileged(spec);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL)) die_errno("init", "parent-death signal");
  prctl(PR_SET_NAME, "creel-init");
  setsid();
  network(control, held);
  if (sethostname(spec->hostname, strlen(spec->hostname))) die_errno("uts", "sethostname");
  /* This thread's alone: the builder keeps its own until it ends. What all threads share, like limits, waits for that. */
  capabilities_drop();
  seccomp_prepare(spec);
  while (sem_wait(&builder.entered) && errno == EINTR) {}
  int terminal[2] = {-1, -1};
  if (spec->terminal) {
    terminal_make(spec, terminal);
    if (send_words(control, terminal, 2, "terminal", NULL)) die_errno("terminal", "handing out the pty");
    close(terminal[0]);
  }
  int watched[2] = {-1, open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (watched[1] < 0) die_errno("init", "the root as the shim will see it");
  landlock_apply(spec);
  /* While the host's root is let go. The builder has no filter, and has ended before anything of the agent's starts. */
  watched[0] = seccomp_install();
  builder_end();
  close(gate);
  limits_apply(spec);
  if (prctl(PR_SET_DUMPABLE, 0)) die_errno("init", "undumpable");
  if (send_words(control, watched, 2, "notify", NULL)) die_errno("seccomp", "handing out the listener");
  for (int i = 0; i < 2; i++) close(watched[i]);
  init_main(spec, control, out, err, terminal[1]);
}

/* `number` receives what follows the word, where the caller asks for it. */
static void expect(struct shim *shim, const char *word, int *fds, int want, unsigned *number) {
  static struct items items;
  uint8_t *body = NULL;
  int got = 0;
  ssize_t n = frame_receive(shim->control, &body, fds, &got);
  /* The child has already written its own reason to the status pipe; the launch is over. */
  if (n <= 0) {
    int status = 0;
    waitpid(shim->init_pid, &status, 0);
    shim->init_pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 125) fail();
    die("init", "the sandbox's first process ended (status %#x) before \"%s\"", status, word);
  }
  if (!frame_split(body, (size_t)n, &items)) die("init", "unreadable frame from the sandbox");
  if (!strcmp(items.at[0], "failed"))
    die("exec", "cannot start %.200s: %s", shim->spec->argv[0], strerror(atoi(items.at[2])));
  if (strcmp(items.at[0], word) || got != want) die("init", "expected \"%s\" with %d descriptors", word, want);
  if (number) *number = items.count > 1 ? (unsigned)strtoul(items.at[1], NULL, 10) : 0;
  free(body);
}

void namespaces_start(struct shim *shim) {
  struct spec *spec = shim->spec;
  int pair[2], gate[2], out[2] = {1, 1}, err[2] = {2, 2};
  protect_prepare(spec);
  if (spec->root_launcher) mounts_open(spec);
  cgroup_prepare(spec);
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) || pipe2(gate, O_CLOEXEC)) die_errno("init", "socketpair");
  if (!spec->foreground) {
    if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) die_errno("init", "pipe");
    /* A program that reopens /dev/stdout must own the pipe behind it. */
    if (spec->root_launcher && (fchown(out[1], spec->host_uid, spec->host_gid) || fchown(err[1], spec->host_uid, spec->host_gid)))
      die_errno("init", "giving the output pipes to the agent");
  }
  pid_t pid = (pid_t)syscall(SYS_clone, NAMESPACES | SIGCHLD, 0, 0, 0, 0);
  if (pid < 0) die_errno("userns", "cannot make the namespaces");
  if (pid == 0) {
    close(pair[0]);
    close(gate[1]);
    inside(spec, pair[1], gate[0], out[1], err[1]);
  }
  close(pair[1]);
  close(gate[0]);
  shim->control = pair[0];
  shim->init_pid = pid;
  if (!spec->root_launcher) write_proc(pid, "setgroups", "deny");
  write_map(pid, "uid_map", INSIDE_ID, spec->host_uid);
  write_map(pid, "gid_map", INSIDE_ID, spec->host_gid);
  images_start(shim);
  unsigned held = cgroup_move(pid);
  cgroup_close_doors();
  const unsigned answers[2] = {held, held}; /* one a thread */
  if (write(gate[1], answers, sizeof answers) != sizeof answers) die_errno("userns", "releasing the sandbox");
  close(gate[1]);
  shim->out = shim->err = -1;
  if (!spec->foreground) {
    close(out[1]);
    close(err[1]);
    shim->out = out[0];
    shim->err = err[0];
  }
  for (int i = 0; i < spec->op_count; i++)
    if (spec->ops[i].tree >= 0) close(spec->ops[i].tree);
  int net[4], one[4];
  expect(shim, "net", net, 3, &held);
  /* Our own preparations. Until now both threads of the sandbox were at work, and on two processors we would stand in their way. */
  identity_start(shim);
  shim->server = server_open(spec->run_dir);
  log_open(spec);
  for (int i = 0; i < LIMIT_COUNT; i++)
    if (held & 1u << i) shim->held[i] = "cgroup";
  if (!held) cgroup_remove();
  shim->listener = net[0];
  shim->dns = net[1];
  shim->diag = net[2];
  if (spec->terminal) expect(shim, "terminal", shim->terminal, 2, NULL);
  expect(shim, "notify", one, 2, NULL);
  shim->notify = one[0];
  shim->root = one[1];
  identity_watch();
}
