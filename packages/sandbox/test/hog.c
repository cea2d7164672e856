/* Takes more than its share: `hog NAME [ARG]`, inside a sandbox with limits. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHUNK (1 << 20)
static char *arg;
static char chunk[CHUNK];

static void wait_for_ever(void) {
  for (;;) pause();
}
static void fill(int fd, int mib) {
  memset(chunk, 7, sizeof chunk);
  for (int i = 0; i < mib; i++)
    if (write(fd, chunk, sizeof chunk) < 0) break;
}
static int hog_anonymous(void) {
  size_t size = (size_t)atoi(arg) << 20;
  memset(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1, size);
  wait_for_ever();
  return 0;
}
static int hog_shared(void) {
  size_t size = (size_t)atoi(arg) << 20;
  memset(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), 1, size);
  wait_for_ever();
  return 0;
}
/* Eight processes, none of them large. */
static int hog_family(void) {
  char share[16];
  snprintf(share, sizeof share, "%d", atoi(arg) / 8);
  arg = share;
  for (int i = 0; i < 8; i++)
    if (fork() == 0) return hog_anonymous();
  wait_for_ever();
  return 0;
}
static int hog_tmp(void) {
  fill(open("/tmp/big", O_CREAT | O_WRONLY, 0600), atoi(arg));
  wait_for_ever();
  return 0;
}
static int hog_shm(void) {
  int half = atoi(arg) / 2;
  fill(open("/dev/shm/big", O_CREAT | O_WRONLY, 0600), half);
  fill(open("/tmp/big", O_CREAT | O_WRONLY, 0600), half);
  wait_for_ever();
  return 0;
}
static int hog_file(void) {
  fill(open("/sandbox/work/big", O_CREAT | O_WRONLY, 0600), atoi(arg));
  wait_for_ever();
  return 0;
}
static int hog_sparse(void) {
  int fd = open("/sandbox/work/sparse", O_CREAT | O_WRONLY, 0600);
  return ftruncate(fd, (off_t)atoi(arg) << 20) ? errno : 0;
}
static int hog_deleted(void) {
  int fd = open("/sandbox/work/gone", O_CREAT | O_WRONLY, 0600);
  unlink("/sandbox/work/gone");
  fill(fd, atoi(arg));
  wait_for_ever();
  return 0;
}
/* Files that were deleted, each held by something other than a descriptor in a process's own table. */
static int nameless(int mib) {
  int fd = open("/sandbox/work/gone", O_CREAT | O_EXCL | O_RDWR, 0600);
  unlink("/sandbox/work/gone");
  fill(fd, mib);
  return fd;
}
static int hog_mapped(void) {
  for (int i = 0; i < 8; i++) {
    int fd = nameless(atoi(arg) / 8);
    mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
  }
  wait_for_ever();
  return 0;
}
static int hog_queued(void) {
  int ends[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
  for (int i = 0; i < 8; i++) {
    char space[CMSG_SPACE(sizeof(int))] = {0}, byte = 1;
    struct iovec one = {&byte, 1};
    struct msghdr message = {.msg_iov = &one, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    int fd = nameless(atoi(arg) / 8);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    if (sendmsg(ends[0], &message, 0) < 0) return errno;
    close(fd);
  }
  wait_for_ever();
  return 0;
}
static void *own_table(void *unused) {
  (void)unused;
  if (unshare(CLONE_FILES)) return NULL;
  nameless(atoi(arg));
  wait_for_ever();
  return NULL;
}
static int hog_threaded(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, own_table, NULL);
  wait_for_ever();
  return 0;
}
static void *map_later(void *unused) {
  (void)unused;
  return (void *)(long)hog_mapped();
}
/* The thread that /proc shows for the process is gone, and with it the process's mappings. */
static int hog_headless(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, map_later, NULL);
  pthread_exit(NULL);
}
static int hog_tiny(void) {
  char name[64];
  for (int i = 0; i < atoi(arg); i++) {
    snprintf(name, sizeof name, "/sandbox/work/tiny-%d", i);
    int fd = open(name, O_CREAT | O_WRONLY, 0600);
    close(fd);
  }
  wait_for_ever();
  return 0;
}
static int hog_deep(void) {
  if (chdir("/sandbox/work")) return errno;
  for (int i = 0; i < atoi(arg); i++)
    if (mkdir("d", 0700) || chdir("d")) return errno;
  fill(open("big", O_CREAT | O_WRONLY, 0600), 16);
  wait_for_ever();
  return 0;
}
/* One file under many names is one file. */
static int hog_links(void) {
  char name[64];
  fill(open("/sandbox/work/one", O_CREAT | O_WRONLY, 0600), 4);
  for (int i = 0; i < atoi(arg); i++) {
    snprintf(name, sizeof name, "/sandbox/work/link-%d", i);
    if (link("/sandbox/work/one", name)) return errno;
  }
  return 0;
}
static int hog_files_open(void) {
  int n = 0;
  while (open("/dev/null", O_RDONLY) >= 0) n++;
  return n;
}
/* Processor seconds, in hundredths, that two burners got in one second. */
static int hog_cpu(void) {
  for (int i = 0; i < 2; i++)
    if (fork() == 0) {
      alarm(1);
      for (;;) {}
    }
  struct timespec t;
  while (wait(NULL) > 0) {}
  extern int getrusage(int, void *);
  long usage[64] = {0};
  getrusage(-1 /* RUSAGE_CHILDREN */, usage);
  (void)t;
  return (int)((usage[0] * 1000000 + usage[1]) / 10000);
}
/* Processes that are stopped, that wait in vfork, and that only sleep. */
static int hog_crowd(void) {
  int count = atoi(arg);
  for (int i = 0; i < count; i++) {
    pid_t pid = fork();
    if (pid < 0) return -1;
    if (pid > 0) continue;
    if (i % 3 == 0) raise(SIGSTOP);
    if (i % 3 == 1 && vfork() == 0) wait_for_ever();
    wait_for_ever();
  }
  printf("crowd\n");
  fflush(stdout);
  wait_for_ever();
  return 0;
}

#define H(name) {#name, hog_##name}
static const struct { const char *name; int (*run)(void); } table[] = {
  H(anonymous), H(shared), H(family), H(tmp), H(shm), H(file), H(sparse), H(deleted), H(mapped), H(queued), H(threaded), H(headless),
  H(tiny), H(deep), H(links), H(files_open), H(cpu), H(crowd),
};

int main(int argc, char **argv) {
  arg = argc > 2 ? argv[2] : "1";
  for (size_t i = 0; argc > 1 && i < sizeof table / sizeof table[0]; i++)
    if (!strcmp(argv[1], table[i].name)) {
      printf("%d\n", table[i].run());
      return 0;
    }
  return 99;
}
