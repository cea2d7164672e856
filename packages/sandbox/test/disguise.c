/* Attacks on who is behind a connection. Built twice: as a program (`disguise NAME [ARG]`) and, with -DLIBRARY, as a
   library whose code an honest program is made to load. A connection asks for port 443, so the desk can count. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAST_OPEN_CONNECT 30

static int far_away(void) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(443)};
  inet_pton(AF_INET, "203.0.113.9", &to.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  return connect(fd, (struct sockaddr *)&to, sizeof to) ? -1 : fd;
}
static int visit(void) {
  char byte;
  int fd = far_away();
  return fd >= 0 && read(fd, &byte, 1) == 1 ? 0 : 92;
}

#ifdef LIBRARY
/* Code that needs nothing of the library: it is copied away, takes the library out of memory, and connects. */
__attribute__((noinline, section("hidden_code"), optimize("O1", "no-stack-protector", "no-jump-tables"))) static long
hidden(long (*call)(long, ...), void **maps, long *lengths, struct sockaddr_in *to) {
  for (int i = 0; maps[i]; i++) call(SYS_munmap, maps[i], lengths[i]);
  long fd = call(SYS_socket, AF_INET, SOCK_STREAM, 0);
  call(SYS_connect, fd, to, sizeof *to);
  call(SYS_read, fd, (char *)to, 1);
  call(SYS_exit_group, 0);
  return 0;
}
extern char __start_hidden_code[], __stop_hidden_code[];

static void hide(void) {
  static char line[4096];
  void **maps = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  long *lengths = (long *)(maps + 64), count = 0;
  struct sockaddr_in *to = (struct sockaddr_in *)(maps + 256);
  to->sin_family = AF_INET;
  to->sin_port = htons(443);
  inet_pton(AF_INET, "203.0.113.9", &to->sin_addr);
  FILE *f = fopen("/proc/self/maps", "r");
  while (fgets(line, sizeof line, f)) {
    unsigned long from, till;
    if (!strstr(line, getenv("DISGUISE_NAME")) || sscanf(line, "%lx-%lx", &from, &till) != 2) continue;
    maps[count] = (void *)from;
    lengths[count++] = (long)(till - from);
  }
  size_t size = (size_t)(__stop_hidden_code - __start_hidden_code);
  char *code = mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(code, __start_hidden_code, size);
  long (*start)(long (*)(long, ...), void **, long *, struct sockaddr_in *) =
    (void *)(code + ((char *)hidden - __start_hidden_code));
  start((long (*)(long, ...))syscall, maps, lengths, to);
}

__attribute__((constructor)) static void begin(void) {
  const char *how = getenv("DISGUISE");
  if (!how) return;
  if (!strcmp(how, "hide")) hide();
  if (!strcmp(how, "fork") && fork() > 0) wait(NULL);
  if (!strcmp(how, "child")) {
    /* An honest program, started by one with our code inside. */
    if (fork() == 0) {
      unsetenv("LD_PRELOAD");
      unsetenv("DISGUISE");
      execl("/opt/disguise", "/opt/disguise", "visit", (char *)NULL);
    }
    wait(NULL);
    _exit(0);
  }
  visit();
  _exit(0);
}
#else

static char *arg;
static char self[4096];

static int try_visit(void) { return visit(); }
static int try_unload(void) {
  void *library = dlopen(arg, RTLD_NOW);
  if (!library) return 80;
  dlclose(library);
  return visit();
}
static int mapped(int fd) {
  if (fd < 0 || mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED) return 81;
  return visit();
}
static int try_map_file(void) { return mapped(open(arg, O_RDONLY)); }
static int try_map_deleted(void) {
  int fd = open("/tmp/deleted", O_CREAT | O_RDWR, 0700);
  if (ftruncate(fd, 4096)) return 82;
  unlink("/tmp/deleted");
  return mapped(fd);
}
static int try_map_memory(void) {
  int fd = memfd_create("usr", 0);
  return ftruncate(fd, 4096) ? 82 : mapped(fd);
}
static int try_exec_away(void) {
  execl("/opt/disguise", "/opt/disguise", "visit", (char *)NULL);
  return 83;
}
/* The child is older than what its parent becomes: a sleeping program that a policy may trust with its children. */
static int try_adopt(void) {
  pid_t child = fork();
  if (child == 0) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/%d/exe", getppid());
    for (ssize_t n = 0;;) {
      n = readlink(link, path, sizeof path - 1);
      path[n > 0 ? n : 0] = 0;
      if (strstr(path, "sleep")) break;
      sched_yield();
    }
    execl("/opt/disguise", "/opt/disguise", "visit", (char *)NULL);
    _exit(1);
  }
  execl("/usr/bin/sleep", "sleep", "0.3", (char *)NULL);
  return 84;
}
static int try_double_fork(void) {
  if (fork() == 0) {
    if (fork() == 0) {
      while (getppid() != 1) sched_yield();
      execl("/opt/disguise", "/opt/disguise", "visit", (char *)NULL);
    }
    _exit(0);
  }
  wait(NULL);
  usleep(100000);
  return 0;
}
static int try_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) ? errno : 0; }
static int try_sibling(void) { return syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) < 0 ? errno : 0; }
/* A connected socket handed to a trusted program over a unix socket. */
static int try_pass(void) {
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  if (fork() == 0) {
    char number[16];
    snprintf(number, sizeof number, "%d", pair[1]);
    execl("/tmp/second", "/tmp/second", "receive", number, (char *)NULL);
  }
  int fd = far_away();
  union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control = {0};
  struct iovec part = {"x", 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  struct cmsghdr *c = CMSG_FIRSTHDR(&message);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(c), &fd, sizeof fd);
  sendmsg(pair[0], &message, 0);
  close(fd);
  wait(NULL);
  return 0;
}
static int try_receive(void) {
  char byte;
  union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control;
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  recvmsg(atoi(arg), &message, 0);
  int fd;
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  return read(fd, &byte, 1) == 1 ? 0 : 92;
}
/* TCP fast open by socket option: connect() returns at once and the first write really connects, by another program. */
static int try_fast_open(void) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(443)};
  inet_pton(AF_INET, "203.0.113.9", &to.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(fd, IPPROTO_TCP, FAST_OPEN_CONNECT, &on, sizeof on);
  if (connect(fd, (struct sockaddr *)&to, sizeof to)) return errno;
  char number[16];
  snprintf(number, sizeof number, "%d", fd);
  execl("/tmp/second", "/tmp/second", "speak", number, (char *)NULL);
  return 85;
}
static int try_speak(void) {
  char byte;
  if (write(atoi(arg), "x", 1) != 1) return errno;
  return read(atoi(arg), &byte, 1) == 1 ? 0 : 92;
}
/* The program's own file is rewritten in place, same size, as fast as it can be, and run again. */
static int try_flip(void) {
  struct stat st;
  int from = open("/opt/disguise", O_RDONLY);
  fstat(from, &st);
  char *bytes = malloc((size_t)st.st_size);
  if (read(from, bytes, (size_t)st.st_size) != st.st_size) return 86;
  for (int i = 0; i < 6; i++) {
    bytes[st.st_size - 1] = (char)i; /* past all sections: another file, the same program */
    int to = open("/tmp/flip", O_CREAT | O_WRONLY, 0700);
    if (to < 0 || write(to, bytes, (size_t)st.st_size) != st.st_size) return 87;
    close(to);
    pid_t child = fork();
    if (child == 0) {
      execl("/tmp/flip", "/tmp/flip", "visit", (char *)NULL);
      _exit(88);
    }
    int status;
    waitpid(child, &status, 0);
    if (status) return 89;
  }
  return 0;
}

/* A mount namespace of the agent's own, as an agent's own sandbox makes one. */
static int nest(void) {
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS)) return errno;
  static const char *const lines[][2] = {{"/proc/self/setgroups", "deny"}, {"/proc/self/uid_map", "0 1000 1"}, {"/proc/self/gid_map", "0 1000 1"}};
  for (int i = 0; i < 3; i++) {
    int fd = open(lines[i][0], O_WRONLY);
    if (fd < 0 || write(fd, lines[i][1], strlen(lines[i][1])) < 0) return errno;
    close(fd);
  }
  return 0;
}
/* In there our program lies under a trusted name, on a mount that says it is read-only. */
static int try_nested_name(void) {
  if (nest() || mount("/tmp/second", "/usr/bin/sleep", NULL, MS_BIND, NULL)) return 93;
  if (mount(NULL, "/usr/bin/sleep", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL)) return 94;
  execl("/usr/bin/sleep", "sleep", "visit", (char *)NULL);
  return 95;
}
static int try_nested_library(void) {
  if (nest() || mount("/tmp/evil.so", "/opt/honest.so", NULL, MS_BIND, NULL)) return 93;
  if (mount(NULL, "/opt/honest.so", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL)) return 94;
  setenv("LD_PRELOAD", "/opt/honest.so", 1);
  setenv("DISGUISE", "plain", 1);
  execl("/opt/disguise", "disguise", "visit", (char *)NULL);
  return 95;
}
static int try_nested_honest(void) {
  if (nest()) return 93;
  execl("/opt/disguise", "disguise", "visit", (char *)NULL);
  return 95;
}
/* Nobody but the kernel may look into it now. */
static int try_undumpable(void) {
  prctl(PR_SET_DUMPABLE, 0);
  return visit();
}
static int try_undumpable_unload(void) {
  prctl(PR_SET_DUMPABLE, 0);
  return try_unload();
}
/* Threads: one connects while the others make the process look busy with something else. */
static void *connect_aside(void *unused) { return (void *)(long)visit(); }
static int try_thread(void) {
  pthread_t thread;
  void *result;
  pthread_create(&thread, NULL, connect_aside, NULL);
  pthread_join(thread, &result);
  return (int)(long)result;
}

#define T(name) {#name, try_##name}
static const struct { const char *name; int (*run)(void); } table[] = {
  T(visit), T(unload), T(map_file), T(map_deleted), T(map_memory), T(exec_away), T(adopt), T(double_fork), T(subreaper),
  T(sibling), T(pass), T(receive), T(fast_open), T(speak), T(flip), T(nested_name),
  T(nested_library), T(nested_honest), T(undumpable), T(undumpable_unload), T(thread),
};

int main(int argc, char **argv) {
  arg = argc > 2 ? argv[2] : "1";
  snprintf(self, sizeof self, "%s", argv[0]);
  for (size_t i = 0; argc > 1 && i < sizeof table / sizeof table[0]; i++)
    if (!strcmp(argv[1], table[i].name)) {
      int result = table[i].run();
      printf("%d\n", result);
      return result;
    }
  return 99;
}
#endif
