/* Attacks that need system calls and that packages/sandbox/test/attacks.c does not have: `calls NAME [ARG...]`.
   Most print 0 when the kernel let them, else the errno; those that grab a resource print how much they got. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char **args;
static int count;
static const char *arg(int i) { return i < count ? args[i] : "0"; }
static int code(long result) { return result < 0 ? errno : 0; }

/* ── system calls by name, with numbers or @text as arguments ── */
static const struct { const char *name; long nr; } calls_by_name[] = {
#define C(n) {#n, SYS_##n}
  C(add_key), C(request_key), C(keyctl), C(init_module), C(finit_module), C(delete_module), C(kexec_load), C(reboot), C(swapon),
  C(acct), C(settimeofday), C(clock_settime), C(adjtimex), C(syslog), C(vhangup), C(quotactl), C(fanotify_init), C(kcmp),
  C(process_vm_writev), C(process_vm_readv), C(name_to_handle_at), C(open_by_handle_at), C(pivot_root), C(umount2), C(mount), C(mbind), C(move_pages),
  C(migrate_pages), C(set_mempolicy), C(vmsplice), C(lookup_dcookie), C(sethostname), C(setdomainname), C(userfaultfd), C(bpf),
  C(perf_event_open), C(setns), C(unshare), C(setuid), C(setgid), C(setgroups), C(capset), C(socket), C(socketpair), C(prctl), C(seccomp), C(memfd_create),
#ifdef __x86_64__
  C(iopl), C(ioperm), C(modify_ldt), C(uselib), C(ustat), C(sysfs), C(mknod),
#endif
  {"io_uring_setup", 425}, {"io_uring_enter", 426}, {"io_uring_register", 427}, {"open_tree", 428}, {"move_mount", 429}, {"fsopen", 430},
  {"fsconfig", 431}, {"fsmount", 432}, {"fspick", 433}, {"mount_setattr", 442}, {"pidfd_getfd", 438}, {"process_madvise", 440},
  {"quotactl_fd", 443}, {"set_mempolicy_home_node", 450}, {"statmount", 457}, {"listmount", 458}, {"open_tree_attr", 467}, {"clone3", 435}, {"openat2", 437},
};
static long number(const char *text) { return *text == '@' ? (long)(text + 1) : strtol(text, NULL, 0); }
static int call(void) {
  for (size_t i = 0; i < sizeof calls_by_name / sizeof calls_by_name[0]; i++)
    if (!strcmp(arg(0), calls_by_name[i].name))
      return code(syscall(calls_by_name[i].nr, number(arg(1)), number(arg(2)), number(arg(3)), number(arg(4)), number(arg(5)), number(arg(6))));
  return 9999;
}
/* The same kernel by another door: the filter must not be asked about numbers of another convention. */
static int x32(void) { return code(syscall(0x40000000 | SYS_getpid)) == 0 ? 0 : errno; }
static int ia32(void) {
#ifdef __x86_64__
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");
  return result > 0 ? 0 : (int)-result;
#else
  return ENOSYS;
#endif
}

/* ── connections ── */
static int connect_to(const char *host, const char *port, int flags) {
  struct addrinfo *to = NULL, hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
  if (getaddrinfo(host, port, &hints, &to)) return -1;
  int fd = socket(AF_INET, SOCK_STREAM | flags, 0);
  if (connect(fd, to->ai_addr, to->ai_addrlen) && errno != EINPROGRESS) return -1;
  return fd;
}
/* Writes into an open connection and waits for whoever answers. */
static int speak_into(int fd, const char *text) {
  char byte;
  usleep(50000);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  if (write(fd, text, strlen(text)) < 0) return errno;
  return read(fd, &byte, 1) == 1 ? 0 : ECONNRESET;
}
static int speak(void) { return speak_into(atoi(arg(0)), "by a stolen name\n"); }
static int do_connect(void) {
  int fd = connect_to(arg(0), arg(1), 0);
  return fd < 0 ? errno ? errno : ENOENT : speak_into(fd, count > 2 ? arg(2) : "hello\n");
}
static void become(const char *program, int fd) {
  char text[16];
  snprintf(text, sizeof text, "%d", fd);
  execl(program, program, "speak", text, (char *)NULL);
  exit(91);
}
static int spoof_exec(void) { become(arg(2), connect_to(arg(0), arg(1), 0)); return 0; }
static int spoof_nonblock(void) { become(arg(2), connect_to(arg(0), arg(1), SOCK_NONBLOCK)); return 0; }
static int spoof_fork(void) {
  int fd = connect_to(arg(0), arg(1), 0), status;
  if (fork() == 0) become(arg(2), fd);
  wait(&status);
  return 0;
}
/* The connection goes to another process by a unix socket; that one is the trusted program by then. */
static int spoof_pass(void) {
  int pair[2], status;
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  if (fork() == 0) {
    char name[16];
    snprintf(name, sizeof name, "%d", pair[1]);
    execl(arg(2), arg(2), "receive", name, (char *)NULL);
    _exit(91);
  }
  int fd = connect_to(arg(0), arg(1), 0);
  char room[CMSG_SPACE(sizeof fd)];
  memset(room, 0, sizeof room);
  struct iovec part = {"x", 1};
  struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
  struct cmsghdr *c = CMSG_FIRSTHDR(&m);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(c), &fd, sizeof fd);
  sendmsg(pair[0], &m, 0);
  wait(&status);
  return 0;
}
static int receive(void) {
  char byte, room[CMSG_SPACE(sizeof(int))];
  struct iovec part = {&byte, 1};
  struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
  if (recvmsg(atoi(arg(0)), &m, 0) <= 0) return errno;
  int fd;
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
  return speak_into(fd, "by a passed descriptor\n");
}
/* One thread connects while another becomes the trusted program. */
static void *connect_slowly(void *unused) {
  for (;;) {
    int fd = connect_to(arg(0), arg(1), 0);
    if (fd >= 0) write(fd, "by a thread\n", 12);
  }
}
static int spoof_race(void) {
  for (int round = 0; round < 20; round++) {
    if (fork() == 0) {
      pthread_t thread;
      pthread_create(&thread, NULL, connect_slowly, NULL);
      usleep(200 * round);
      execl(arg(2), arg(2), "pause_briefly", (char *)NULL);
      _exit(91);
    }
  }
  while (wait(NULL) > 0) {}
  return 0;
}
static int pause_briefly(void) { usleep(30000); return 0; }
/* The descriptor that connect() was asked about is another one when the call goes on. */
static int swapped_fd = -1, swap_with = -1;
static void *swap(void *unused) {
  for (int i = 0; i < 200000; i++) dup2(swap_with, swapped_fd);
  return NULL;
}
static int spoof_swap(void) {
  struct addrinfo *to = NULL, hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
  if (getaddrinfo(arg(0), arg(1), &hints, &to)) return ENOENT;
  for (int round = 0; round < 20; round++) {
    pthread_t thread;
    swapped_fd = socket(AF_INET, SOCK_STREAM, 0);
    swap_with = socket(AF_INET, SOCK_STREAM, 0);
    pthread_create(&thread, NULL, swap, NULL);
    if (!connect(swapped_fd, to->ai_addr, to->ai_addrlen)) write(swapped_fd, "by a swapped descriptor\n", 24);
    write(swap_with, "by a swapped descriptor\n", 24);
    pthread_join(thread, NULL);
    close(swapped_fd);
    close(swap_with);
  }
  return 0;
}
static int argv_zero(void) {
  char *words[] = {(char *)arg(2), "connect", (char *)arg(0), (char *)arg(1), NULL};
  execv("/proc/self/exe", words);
  return errno;
}
static int set_name(void) { prctl(PR_SET_NAME, arg(2)); return do_connect(); }
static int memfd_exec(void) {
  int from = open("/proc/self/exe", O_RDONLY), to = (int)syscall(SYS_memfd_create, "trusted", 0);
  char chunk[65536], path[64];
  ssize_t n;
  if (to < 0) return errno;
  while ((n = read(from, chunk, sizeof chunk)) > 0) write(to, chunk, (size_t)n);
  snprintf(path, sizeof path, "/proc/self/fd/%d", to);
  execl(path, arg(2), "connect", arg(0), arg(1), (char *)NULL);
  return errno;
}
static int deleted(void) {
  char self[4096] = {0};
  readlink("/proc/self/exe", self, sizeof self - 1);
  unlink(self);
  return do_connect();
}
/* A child that becomes the trusted program while we trace it. */
static int trace_child(void) {
  pid_t pid = fork();
  if (pid == 0) {
    long result = ptrace(PTRACE_TRACEME, 0, 0, 0);
    if (result < 0) _exit(errno);
    execl(arg(0), arg(0), "pause_briefly", (char *)NULL);
    _exit(91);
  }
  int status;
  waitpid(pid, &status, 0);
  if (WIFSTOPPED(status)) { kill(pid, SIGKILL); return 0; }
  return WEXITSTATUS(status) ? WEXITSTATUS(status) : ECHILD;
}
/* The memory of a trusted program of our own, by /proc. */
static int write_child_memory(void) {
  char path[64];
  pid_t pid = fork();
  if (pid == 0) { execl(arg(0), arg(0), "pause_briefly", (char *)NULL); _exit(91); }
  usleep(10000);
  snprintf(path, sizeof path, "/proc/%d/mem", pid);
  int fd = open(path, O_RDWR), error = errno;
  kill(pid, SIGKILL);
  return fd < 0 ? error : 0;
}
static int deferred_fast_open(void) {
  struct addrinfo *to = NULL, hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
  if (getaddrinfo(arg(0), arg(1), &hints, &to)) return ENOENT;
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on);
  connect(fd, to->ai_addr, to->ai_addrlen);
  become(arg(2), fd);
  return 0;
}
static int unspec_reconnect(void) {
  struct sockaddr nothing = {.sa_family = AF_UNSPEC};
  struct addrinfo *to = NULL, hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
  int fd = connect_to(arg(0), arg(1), 0);
  connect(fd, &nothing, sizeof nothing);
  if (getaddrinfo(arg(0), arg(1), &hints, &to)) return ENOENT;
  return connect(fd, to->ai_addr, to->ai_addrlen) ? errno : speak_into(fd, "reconnected\n");
}
static int fast_open_many(void) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(80)};
  inet_pton(AF_INET, "198.18.0.9", &to.sin_addr);
  struct iovec part = {"x", 1};
  struct mmsghdr m = {.msg_hdr = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &part, .msg_iovlen = 1}};
  return code(sendmmsg(socket(AF_INET, SOCK_STREAM, 0), &m, 1, 0x20000000));
}
static int unix_connect(void) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  strncpy(to.sun_path, arg(0), sizeof to.sun_path - 1);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *)&to, sizeof to)) return errno;
  write(fd, "over a unix socket\n", 19);
  return 0;
}
static int abstract_connect(void) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  size_t n = strlen(arg(0));
  memcpy(to.sun_path + 1, arg(0), n);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  /* Some programs name such a socket by its text alone, some by the whole field with zeros behind it. */
  if (connect(fd, (struct sockaddr *)&to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n)) &&
      connect(fd, (struct sockaddr *)&to, sizeof to)) return errno;
  write(fd, "over an abstract socket\n", 24);
  return 0;
}
static int udp_send(void) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arg(1)))};
  inet_pton(AF_INET, arg(0), &to.sin_addr);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  for (int i = 0; i < 3; i++) {
    if (sendto(fd, "udp leak", 8, 0, (struct sockaddr *)&to, sizeof to) < 0) return errno;
    usleep(10000);
  }
  return 0;
}
/* Another socket in the place where the gateway, or its resolver, listens. */
static int take_port(void) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(arg(1)))};
  inet_pton(AF_INET, arg(2), &at.sin_addr);
  int fd = socket(AF_INET, !strcmp(arg(0), "udp") ? SOCK_DGRAM : SOCK_STREAM, 0), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return bind(fd, (struct sockaddr *)&at, sizeof at) ? errno : !strcmp(arg(0), "udp") ? 0 : code(listen(fd, 5));
}
/* Socket options that would steer packets round the rules. */
static int socket_option(void) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), value = atoi(arg(2));
  return code(setsockopt(fd, atoi(arg(0)), atoi(arg(1)), &value, sizeof value));
}
static int interface_change(void) {
  struct { char name[16]; short flags; char rest[22]; } request = {"lo", 0, {0}};
  return code(ioctl(socket(AF_INET, SOCK_DGRAM, 0), 0x8914 /* SIOCSIFFLAGS */, &request));
}

/* ── processes and descriptors ── */
static int open_descriptors(void) {
  int found = 0;
  for (int fd = 3; fd < 4096; fd++)
    if (fcntl(fd, F_GETFD) >= 0) {
      char link[64], to[256] = {0};
      snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
      readlink(link, to, sizeof to - 1);
      printf("descriptor %d %s\n", fd, to);
      found++;
    }
  return found ? 0 : 1;
}
/* Becomes a program with nothing but its three standard descriptors open, so that what it holds is what its sandbox gave it. */
static int alone(void) {
  for (int fd = 3; fd < 65536; fd++) close(fd);
  execvp(args[0], args);
  return errno;
}
static int signal_pid(void) { return code(kill(atoi(arg(0)), atoi(arg(1)))); }
static int raise_limit(void) {
  struct rlimit now;
  int which = atoi(arg(0));
  getrlimit(which, &now);
  struct rlimit more = {now.rlim_max + 1, now.rlim_max + 1};
  if (now.rlim_max == RLIM_INFINITY) return 0;
  return code(setrlimit(which, &more));
}
static int lower_oom(void) {
  int fd = open("/proc/self/oom_score_adj", O_WRONLY);
  return fd < 0 ? errno : code(write(fd, "-1000", 5));
}
static int real_time(void) {
  struct sched_param high = {.sched_priority = 50};
  return code(sched_setscheduler(0, SCHED_FIFO, &high));
}
static int nice_up(void) { errno = 0; return setpriority(PRIO_PROCESS, 0, -10) ? errno : 0; }
static int core_dump(void) {
  struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
  return code(setrlimit(RLIMIT_CORE, &all));
}
static int sysv_shm(void) { int id = shmget((key_t)strtol(arg(0), NULL, 10), 4096, IPC_CREAT | 0666); if (id < 0) return errno; printf("segment %d\n", id); return 0; }
static int sysv_remove(void) { int id = shmget((key_t)strtol(arg(0), NULL, 10), 0, 0); return id < 0 ? errno : code(shmctl(id, IPC_RMID, NULL)); }

/* ── resources: each prints how much it got ── */
static int processes(void) {
  int want = atoi(arg(0)), n = 0;
  for (; n < want; n++) {
    pid_t pid = fork();
    if (pid < 0) break;
    if (pid == 0) { pause(); _exit(0); }
  }
  return n;
}
static int zombies(void) {
  int want = atoi(arg(0)), n = 0;
  for (; n < want; n++) {
    pid_t pid = fork();
    if (pid < 0) break;
    if (pid == 0) _exit(0);
  }
  return n;
}
static void *wait_for_ever(void *unused) { pause(); return NULL; }
static int threads(void) {
  int want = atoi(arg(0)), n = 0;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 65536);
  for (pthread_t t; n < want && !pthread_create(&t, &small, wait_for_ever, NULL); n++) {}
  return n;
}
static int descriptors(void) {
  int want = atoi(arg(0)), n = 0;
  while (n < want && open("/dev/null", O_RDONLY) >= 0) n++;
  return n;
}
/* Megabytes of one kind that were really touched. */
static int memory(void) {
  int want = atoi(arg(1)), n = 0;
  const char *kind = arg(0);
  char *chunk = malloc(1 << 20);
  memset(chunk, 7, 1 << 20);
  int fd = !strcmp(kind, "memfd") ? (int)syscall(SYS_memfd_create, "m", 0) : !strcmp(kind, "shm") ? open("/dev/shm/m", O_CREAT | O_RDWR, 0600)
           : !strcmp(kind, "tmp") ? open("/tmp/m", O_CREAT | O_RDWR, 0600) : !strcmp(kind, "home") ? open("/sandbox/m", O_CREAT | O_RDWR, 0600)
           : !strcmp(kind, "work") ? open("m", O_CREAT | O_RDWR, 0600) : -1;
  for (; n < want; n++) {
    if (!strcmp(kind, "anonymous")) {
      char *at = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (at == MAP_FAILED) break;
      memset(at, 7, 1 << 20);
    } else if (!strcmp(kind, "shared")) {
      char *at = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
      if (at == MAP_FAILED) break;
      memset(at, 7, 1 << 20);
    } else if (!strcmp(kind, "pipes")) {
      int ends[2];
      if (pipe(ends)) break;
      fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
      fcntl(ends[1], F_SETFL, O_NONBLOCK);
      if (write(ends[1], chunk, 1 << 20) <= 0) break;
    } else if (!strcmp(kind, "sockets")) {
      int pair[2];
      if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) break;
      fcntl(pair[0], F_SETFL, O_NONBLOCK);
      while (write(pair[0], chunk, 65536) > 0) {}
    } else if (fd < 0 || write(fd, chunk, 1 << 20) != 1 << 20) break;
    /* A pair of sockets holds about a fifth of a megabyte. */
    printf("got %d\n", strcmp(kind, "sockets") ? n + 1 : (n + 1) / 5);
    fflush(stdout);
  }
  if (!strcmp(arg(2), "hold")) pause();
  return strcmp(kind, "sockets") ? n : n / 5;
}
/* A helper that outlives the run: forked twice, a session of its own, signals ignored. */
static int outlive(void) {
  if (fork() == 0) {
    setsid();
    for (int s = 1; s < 32; s++) signal(s, SIG_IGN);
    if (fork() == 0) {
      for (int i = 0; i < 600; i++) {
        int fd = open(arg(0), O_CREAT | O_WRONLY | O_APPEND, 0666);
        write(fd, "x", 1);
        close(fd);
        usleep(20000);
      }
    }
    _exit(0);
  }
  wait(NULL);
  return 0;
}

#define T(name) {#name, name}
static const struct { const char *name; int (*run)(void); } table[] = {
  T(call), T(x32), T(ia32), T(speak), {"connect", do_connect}, T(spoof_exec), T(spoof_nonblock), T(spoof_fork), T(spoof_pass), T(receive),
  T(spoof_race), T(pause_briefly), T(spoof_swap), T(argv_zero), T(set_name), T(memfd_exec), T(deleted), T(trace_child), T(write_child_memory),
  T(deferred_fast_open), T(unspec_reconnect), T(fast_open_many), T(unix_connect), T(abstract_connect), T(udp_send), T(take_port), T(socket_option),
  T(interface_change), T(open_descriptors), T(alone), T(signal_pid), T(raise_limit), T(lower_oom), T(real_time), T(nice_up), T(core_dump), T(sysv_shm),
  T(sysv_remove), T(processes), T(zombies), T(threads), T(descriptors), T(memory), T(outlive),
};

int main(int argc, char **argv) {
  args = argv + 2;
  count = argc - 2;
  for (size_t i = 0; argc > 1 && i < sizeof table / sizeof table[0]; i++)
    if (!strcmp(argv[1], table[i].name)) {
      printf("%d\n", table[i].run());
      return 0;
    }
  fprintf(stderr, "calls: there is no attack %s\n", argc > 1 ? argv[1] : "");
  return 99;
}
