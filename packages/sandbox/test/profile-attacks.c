/* Attacks on the profiles: `profile-attacks NAME [ARG]` prints 0 when it worked, else the errno (or 100 and more for a step before it). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *arg;
static int code(long result) { return result < 0 ? errno : 0; }

static int put(const char *path, const char *text) {
  int fd = open(path, O_WRONLY);
  int failed = fd < 0 || write(fd, text, strlen(text)) < 0;
  close(fd);
  return failed;
}
/* Root of a user namespace of our own, with `more` namespaces. */
static int nest(int more) {
  char map[32];
  int uid = getuid(), gid = getgid();
  if (unshare(CLONE_NEWUSER | more)) return errno;
  snprintf(map, sizeof map, "0 %d 1", uid);
  if (put("/proc/self/setgroups", "deny") || put("/proc/self/uid_map", map)) return 101;
  snprintf(map, sizeof map, "0 %d 1", gid);
  return put("/proc/self/gid_map", map) ? 102 : 0;
}

static int try_nest(void) { return nest(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS); }
/* Takes the loopback of the network namespace down: everything in it would lose its way, and its rules. */
static int loopback_down(void) {
  struct { struct nlmsghdr h; struct ifinfomsg i; } ask = {{sizeof ask, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 1, 0}, {.ifi_index = 1, .ifi_change = IFF_UP}};
  struct { struct nlmsghdr h; struct nlmsgerr e; char rest[512]; } answer;
  int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  if (fd < 0) return errno;
  if (send(fd, &ask, sizeof ask, 0) < 0 || recv(fd, &answer, sizeof answer, 0) < 0) return 103;
  return -answer.e.error;
}
static int try_loopback_down(void) { return loopback_down(); }
static int try_nested_loopback_down(void) { return nest(CLONE_NEWNS) ?: loopback_down(); }
static int try_nested_nft(void) { return nest(0) ?: code(socket(AF_NETLINK, SOCK_RAW, 12)); }
static int try_nested_nft_own_net(void) { return nest(CLONE_NEWNET) ?: code(socket(AF_NETLINK, SOCK_RAW, 12)); }
static int try_nested_raw(void) { return nest(CLONE_NEWNET) ?: code(socket(AF_INET, SOCK_RAW, IPPROTO_RAW)); }
static int try_nested_packet(void) { return nest(CLONE_NEWNET) ?: code(socket(AF_PACKET, SOCK_RAW, 0)); }
/* From an empty network namespace of its own back to the sandbox's: both ways must be closed. */
static int try_nested_connect(void) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(443)};
  inet_pton(AF_INET, "203.0.113.9", &to.sin_addr);
  return nest(CLONE_NEWNET) ?: code(connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to));
}
static int try_nested_setns(void) { return nest(CLONE_NEWNS) ?: code(setns(open("/proc/1/ns/mnt", O_RDONLY), 0)); }
static int try_nested_ptrace_init(void) { return nest(0) ?: code(ptrace(PTRACE_ATTACH, 1, 0, 0)); }
static int try_nested_init_root(void) { return nest(0) ?: code(open("/proc/1/root/", O_PATH | O_DIRECTORY)); }
static int try_nested_init_fd(void) { return nest(0) ?: code(open("/proc/1/fd", O_RDONLY | O_DIRECTORY)); }
static int try_nested_init_mem(void) { return nest(0) ?: code(open("/proc/1/mem", O_RDWR)); }
static int try_nested_chroot(void) { return nest(CLONE_NEWNS) ?: code(chroot("/tmp")); }
static int try_nested_umount(void) { return nest(CLONE_NEWNS) ?: code(umount2(arg, MNT_DETACH)); }
static int try_nested_remount(void) { return nest(CLONE_NEWNS) ?: code(mount(NULL, arg, NULL, MS_REMOUNT | MS_BIND, NULL)); }
static int try_nested_bind(void) { return nest(CLONE_NEWNS) ?: code(mount(arg, "/tmp", NULL, MS_BIND, NULL)); }
static int try_nested_move(void) { return nest(CLONE_NEWNS) ?: code(mount(arg, "/tmp", NULL, MS_MOVE, NULL)); }
static int try_nested_sysfs(void) { return nest(CLONE_NEWNS) ?: code(mount("s", "/tmp", "sysfs", 0, NULL)); }
static int try_nested_proc(void) { return nest(CLONE_NEWNS) ?: code(mount("p", "/tmp", "proc", 0, NULL)); }
static int try_nested_setuid_bit(void) { return nest(0) ?: code(chmod(arg, 04755)); }
static int try_nested_device(void) { return nest(CLONE_NEWNS) ?: code(mknod("/tmp/disk", S_IFBLK | 0600, 0x0801)); }
/* Its own root: covers the trusted program with another, in its own view only, and becomes it. */
static int try_nested_mount_over(void) {
  int error = nest(CLONE_NEWNS);
  if (error) return error;
  return code(mount(arg, "/usr/bin/env", NULL, MS_BIND, NULL));
}
static int try_many_nests(void) {
  for (int n = 0; n < 40; n++)
    if (unshare(CLONE_NEWUSER)) return errno;
  return 0;
}

static int try_map_code(void) {
  int fd = open(arg, O_RDONLY);
  return code((long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0));
}
/* Mapped as data first, then asked to become code. */
static int try_late_code(void) {
  int fd = open(arg, O_RDONLY);
  void *at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
  return at == MAP_FAILED ? 104 : code(mprotect(at, 4096, PROT_READ | PROT_EXEC));
}
static int memfd(unsigned flags) {
  char byte[65536];
  int to = (int)syscall(SYS_memfd_create, "x", flags), from = open("/usr/bin/env", O_RDONLY);
  for (ssize_t n; to >= 0 && (n = read(from, byte, sizeof byte)) > 0;)
    if (write(to, byte, n) != n) return -1;
  return to;
}
static int run_memfd(unsigned flags) {
  int fd = memfd(flags);
  if (fd < 0) return errno;
  char *argv[] = {"env", NULL};
  int report[2], error = 0;
  if (pipe2(report, O_CLOEXEC)) return 105;
  if (fork() == 0) {
    fcntl(fd, F_SETFD, 0);
    syscall(SYS_execveat, fd, "", argv, NULL, AT_EMPTY_PATH);
    write(report[1], &errno, sizeof errno);
    _exit(1);
  }
  close(report[1]);
  read(report[0], &error, sizeof error);
  return error;
}
static int try_memfd_plain(void) { return run_memfd(0); }
static int try_memfd_exec(void) { return run_memfd(0x10); }
static int try_memfd_sealed(void) { return run_memfd(0x8); }
static int try_memfd_sealed_kept(void) { return code(syscall(SYS_memfd_create, "x", 0x8)); }
static int try_memfd_secret(void) { return code(syscall(447, 0)); }
static int try_shm_code(void) {
  int fd = shm_open("/x", O_RDWR | O_CREAT, 0700);
  if (fd < 0 || ftruncate(fd, 4096)) return 106;
  return code((long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0));
}

/* Beside the name itself, where no boundary between mounts is in the way. */
static char *beside(const char *ending) {
  static char path[4096];
  snprintf(path, sizeof path, "%s%s", arg, ending);
  return path;
}
static int try_rename(void) { return code(rename(arg, beside("-moved"))); }
static int try_exchange(void) {
  mkdir(beside("-other"), 0755);
  return code(syscall(SYS_renameat2, AT_FDCWD, arg, AT_FDCWD, beside("-other"), 2));
}
static int try_rename_onto(void) {
  int fd = open(beside("-evil"), O_WRONLY | O_CREAT, 0755);
  int result = fd < 0 ? 107 : code(rename(beside("-evil"), arg));
  unlink(beside("-evil"));
  return result;
}
static int try_link_out(void) { return code(link(arg, "/sandbox/work/second")); }
static int try_chmod(void) { return code(chmod(arg, 0777)); }
static int try_create(void) { return code(open(arg, O_WRONLY | O_CREAT | O_TRUNC, 0644)); }
static int try_unlink(void) { return code(unlink(arg)); }
static int try_rmdir(void) { return code(rmdir(arg)); }
static int try_symlink_onto(void) { return code(symlink("/tmp", arg)); }
static int try_bind_socket(void) { return code(mknod(arg, S_IFSOCK | 0600, 0)); }

#define T(name) {#name, try_##name}
static const struct { const char *name; int (*run)(void); } table[] = {
  T(nest), T(loopback_down), T(nested_loopback_down), T(nested_nft), T(nested_nft_own_net), T(nested_raw), T(nested_packet), T(nested_connect),
  T(nested_setns), T(nested_ptrace_init), T(nested_init_root), T(nested_init_fd), T(nested_init_mem), T(nested_chroot), T(nested_umount),
  T(nested_remount), T(nested_bind), T(nested_move), T(nested_sysfs), T(nested_proc), T(nested_setuid_bit), T(nested_device), T(nested_mount_over),
  T(many_nests), T(map_code), T(late_code), T(memfd_plain), T(memfd_exec), T(memfd_sealed), T(memfd_sealed_kept), T(memfd_secret), T(shm_code),
  T(rename), T(exchange), T(rename_onto), T(link_out), T(chmod), T(create), T(unlink), T(rmdir), T(symlink_onto), T(bind_socket),
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
