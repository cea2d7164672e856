/* Facts of this host that only a system call can tell; TypeScript adds what a trial launch shows. One "name=value" a line. */
#include "creel.h"
#include "kernel.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/* 0 when `namespaces` can be made by this user, else the errno. */
static int try_namespaces(unsigned long namespaces) {
  pid_t pid = (pid_t)syscall(SYS_clone, namespaces | SIGCHLD, 0, 0, 0, 0);
  if (pid < 0) return errno;
  if (pid == 0) _exit(0);
  waitpid(pid, NULL, 0);
  return 0;
}

int probe_main(void) {
  printf("landlock_abi=%d\n", landlock_abi());
  printf("userns=%d\n", try_namespaces(CLONE_NEWUSER));
  printf("netns=%d\n", try_namespaces(CLONE_NEWUSER | CLONE_NEWNET));
  printf("mountns=%d\n", try_namespaces(CLONE_NEWUSER | CLONE_NEWNS));
  printf("pidns=%d\n", try_namespaces(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP));
  printf("pidfd_getfd=%d\n", sys_pidfd_getfd(-1, 0) < 0 && errno == ENOSYS ? ENOSYS : 0);
  printf("mount_api=%d\n", sys_open_tree(-1, "", 0) < 0 && errno == ENOSYS ? ENOSYS : 0);
  return 0;
}
