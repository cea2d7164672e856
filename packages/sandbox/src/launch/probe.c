/* Facts of this host that only a system call can tell; TypeScript adds what a trial launch shows. One "name=value" a line. */
#include "creel.h"
#include "kernel.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* 0 when `namespaces` can be made by this user, else the errno. */
static int try_namespaces(unsigned long namespaces) {
  pid_t pid = (pid_t)syscall(SYS_clone, namespaces | SIGCHLD, 0, 0, 0, 0);
  if (pid < 0) return errno;
  if (pid == 0) _exit(0);
  waitpid(pid, NULL, 0);
  return 0;
}

/* Run inside a trial sandbox: 0 when a connection to an address far away is answered (by whoever holds the listener). */
int knock_main(const char *address, const char *port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  char byte;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1) return 2;
  if (connect(fd, (struct sockaddr *)&to, sizeof to)) return 3;
  return read(fd, &byte, 1) == 1 ? 0 : 4;
}

int probe_main(void) {
  printf("landlock_abi=%d\n", landlock_abi());
  printf("userns=%d\n", try_namespaces(CLONE_NEWUSER));
  printf("netns=%d\n", try_namespaces(CLONE_NEWUSER | CLONE_NEWNET));
  printf("mountns=%d\n", try_namespaces(CLONE_NEWUSER | CLONE_NEWNS));
  printf("pidns=%d\n", try_namespaces(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP));
  printf("pidfd_getfd=%d\n", sys_pidfd_getfd(-1, 0) < 0 && errno == ENOSYS ? ENOSYS : 0);
  printf("mount_api=%d\n", sys_open_tree(-1, "", 0) < 0 && errno == ENOSYS ? ENOSYS : 0);
  printf("cgroup_memory=%d\n", cgroup_available());
  return 0;
}
