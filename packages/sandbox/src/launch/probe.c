/* Facts of this host that only a system call can tell; TypeScript adds what a trial launch shows. One "name=value" a line,
   0 for what works and an errno for what does not. Each is tried in a process of its own: a fact must not change the next. */
#include "creel.h"
#include "kernel.h"
#include "netlink.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define ALL_OTHER (CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)
/* A trial that is killed, or that ends in a way it never should. */
#define UNKNOWN_ERROR 255

/* 0 or an errno: what `trial` answers in a process with these namespaces. */
static int try_in(unsigned long namespaces, int (*trial)(void)) {
  int status;
  pid_t pid = (pid_t)syscall(SYS_clone, namespaces | SIGCHLD, 0, 0, 0, 0);
  if (pid < 0) return errno;
  if (pid == 0) _exit(trial ? trial() : 0);
  if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) return UNKNOWN_ERROR;
  return WEXITSTATUS(status);
}

/* AppArmor lets the namespace be made and then takes its rights away: only using one of them shows it. */
static int mount_something(void) { return mount("creel", "/", NULL, MS_REC | MS_PRIVATE, NULL) ? errno : 0; }

/* A devpts of our own, as in every sandbox, and both ends of one pty of it. */
static int own_pty(void) {
  int unlocked = 0;
  if (mount_something()) return errno;
  if (mount("devpts", "/dev", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620")) return errno;
  int ours = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (ours < 0 || ioctl(ours, TIOCSPTLCK, &unlocked)) return errno;
  return ioctl(ours, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC) < 0 ? errno : 0;
}

static int netfilter_socket(void) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
  return fd < 0 ? errno : 0;
}

/* The very rules of every sandbox. What the kernel lacks of them ends this process through die(). */
static int rules(void) {
  status_fd = -1;
  nft_rules("tproxy");
  return 0;
}

static int transparent_socket(void) {
  int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return fd < 0 || setsockopt(fd, SOL_IP, IP_TRANSPARENT, &on, sizeof on) ? errno : 0;
}

static int filter(void) {
  status_fd = -1;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return errno;
  static struct spec plain;
  seccomp_prepare(&plain);
  return seccomp_install() < 0 ? errno : 0;
}

/* Only used by a root launcher, for folders of other owners. */
static int idmapped_mount(void) {
  struct creel_mount_attr attr = {.set = ATTR_IDMAP, .userns_fd = (uint64_t)open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC)};
  int tree = sys_open_tree(AT_FDCWD, "/tmp", TREE_CLONE | TREE_CLOEXEC);
  if (tree < 0) return errno;
  /* Mapping by the initial user namespace is refused as meaningless (EPERM or EINVAL) where mapped mounts exist. */
  return sys_mount_setattr(tree, 0, &attr) && (errno == ENOSYS || errno == EOPNOTSUPP) ? errno : 0;
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
  printf("userns=%d\n", try_in(CLONE_NEWUSER, NULL));
  printf("netns=%d\n", try_in(CLONE_NEWUSER | CLONE_NEWNET, NULL));
  printf("mountns=%d\n", try_in(CLONE_NEWUSER | CLONE_NEWNS, NULL));
  printf("userns_rights=%d\n", try_in(CLONE_NEWUSER | CLONE_NEWNS, mount_something));
  printf("pidns=%d\n", try_in(ALL_OTHER, NULL));
  printf("pidfd_getfd=%d\n", sys_pidfd_getfd(-1, 0) < 0 && errno == ENOSYS ? ENOSYS : 0);
  printf("mount_api=%d\n", sys_open_tree(-1, "", 0) < 0 && errno == ENOSYS ? ENOSYS : 0);
  printf("netfilter=%d\n", try_in(CLONE_NEWUSER | CLONE_NEWNET, netfilter_socket));
  printf("nft_rules=%d\n", try_in(CLONE_NEWUSER | CLONE_NEWNET, rules));
  printf("transparent=%d\n", try_in(CLONE_NEWUSER | CLONE_NEWNET, transparent_socket));
  printf("seccomp=%d\n", try_in(0, filter));
  printf("idmap=%d\n", try_in(0, idmapped_mount));
  printf("cgroup_memory=%d\n", cgroup_available());
  printf("pty=%d\n", try_in(CLONE_NEWUSER | CLONE_NEWNS, own_pty));
  return 0;
}
