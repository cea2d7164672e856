/* The attacks that need system calls: `attacks NAME [ARG]` tries one and prints 0 when it worked, else the errno. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char *arg;
static int code(long result) { return result < 0 ? errno : 0; }

static struct sockaddr_in far_away(int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  inet_pton(AF_INET, "203.0.113.9", &to.sin_addr);
  return to;
}

static int try_ptrace(void) { return code(ptrace(PTRACE_ATTACH, atoi(arg), 0, 0)); }
static int try_vm_read(void) {
  char byte;
  struct iovec here = {&byte, 1}, there = {(void *)0x400000, 1};
  return code(process_vm_readv(atoi(arg), &here, 1, &there, 1, 0));
}
static int try_pidfd_getfd(void) {
  int fd = (int)syscall(434, atoi(arg), 0);
  return fd < 0 ? errno : code(syscall(438, fd, 0, 0));
}
static int try_mount(void) { return code(mount("none", "/tmp", "tmpfs", 0, NULL)); }
static int try_open_tree(void) { return code(syscall(428, AT_FDCWD, "/", 1)); }
static int try_unshare_user(void) { return code(unshare(CLONE_NEWUSER)); }
static int try_unshare_net(void) { return code(unshare(CLONE_NEWNET)); }
static int try_clone_user(void) { return code(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)); }
static int try_clone3(void) { return code(syscall(435, NULL, 0)); }
static int try_setns(void) { return code(setns(open("/proc/1/ns/net", O_RDONLY), 0)); }
static int try_keyctl(void) { return code(syscall(SYS_keyctl, 0, -3, 0, 0, 0)); }
static int try_io_uring(void) { char p[256] = {0}; return code(syscall(425, 4, p)); }
static int try_bpf(void) { return code(syscall(SYS_bpf, 0, NULL, 0)); }
static int try_perf(void) { return code(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0)); }
static int try_userfaultfd(void) { return code(syscall(SYS_userfaultfd, 0)); }
static int try_socket(int f, int t, int p) { return code(socket(f, t, p)); }
static int try_vsock(void) { return try_socket(40, SOCK_STREAM, 0); }
static int try_packet(void) { return try_socket(AF_PACKET, SOCK_RAW, 0); }
static int try_netlink(void) { return try_socket(AF_NETLINK, SOCK_RAW, 0); }
static int try_alg(void) { return try_socket(38, SOCK_SEQPACKET, 0); }
static int try_raw(void) { return try_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP); }
static int try_ping(void) { return try_socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP); }
static int try_mptcp(void) { return try_socket(AF_INET, SOCK_STREAM, 262); }
static int try_sctp(void) { return try_socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP); }
static int try_fast_open(void) {
  struct sockaddr_in to = far_away(80);
  return code(sendto(socket(AF_INET, SOCK_STREAM, 0), "x", 1, 0x20000000, (struct sockaddr *)&to, sizeof to));
}
static int try_fast_open_msg(void) {
  struct sockaddr_in to = far_away(80);
  struct iovec part = {"x", 1};
  struct msghdr m = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &part, .msg_iovlen = 1};
  return code(sendmsg(socket(AF_INET, SOCK_STREAM, 0), &m, 0x20000000));
}
/* Connected, so that the refusal comes back as an error of the second send. */
static int try_udp(void) {
  struct sockaddr_in to = far_away(53);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (connect(fd, (struct sockaddr *)&to, sizeof to)) return errno;
  if (send(fd, "x", 1, 0) < 0) return errno;
  usleep(20000);
  return code(send(fd, "x", 1, 0));
}
static int try_ipv6(void) {
  struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(80)};
  inet_pton(AF_INET6, "2001:db8::1", &to.sin6_addr);
  return code(connect(socket(AF_INET6, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to));
}
static int try_hijack(void) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(15001)};
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&at, sizeof at)) return errno;
  return code(listen(fd, 1));
}
static int try_abstract(void) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  size_t n = strlen(arg);
  memcpy(to.sun_path + 1, arg, n);
  return code(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n)));
}
static int try_kill(void) { return code(kill(atoi(arg), SIGKILL)); }
static int try_kill_init(void) {
  kill(1, SIGKILL);
  kill(1, SIGTERM);
  return 0;
}
static int try_setuid_bit(void) {
  int fd = open("/tmp/suid", O_CREAT | O_WRONLY, 0755);
  return code(fchmod(fd, 04755));
}
static int try_setuid_create(void) { return code(open("/tmp/suid2", O_CREAT | O_WRONLY, 04755)); }
static int try_openat2(void) { return code(syscall(437, AT_FDCWD, "/tmp", NULL, 0)); }
static int try_setuid(void) { return code(setuid(0)); }
static int try_tiocsti(void) { return code(ioctl(0, 0x5412, "x")); }
static int try_tiocsti_high(void) { return code(syscall(SYS_ioctl, 0, 0x100005412ul, "x")); }
static int try_set_exe(void) { return code(prctl(35, 13, open("/usr/bin/env", O_RDONLY), 0, 0)); }
static int try_personality(void) { return code(syscall(SYS_personality, 0x0040000)); }
static int try_chroot(void) { return code(chroot("/tmp")); }
static int try_mknod(void) { return code(mknod("/tmp/disk", S_IFBLK | 0600, 0x0801)); }
static int try_handle(void) { return code(syscall(SYS_open_by_handle_at, AT_FDCWD, NULL, 0)); }
static int try_unknown(void) { return code(syscall(499)); }
static int try_own_mem(void) { return code(open("/proc/self/mem", O_RDWR)); }
static int try_sysctl(void) { return code(open("/proc/sys/net/ipv4/ip_forward", O_WRONLY)); }
static int try_map(void) { return code(open("/proc/self/uid_map", O_WRONLY)); }

static int connect_far(int flags) {
  struct sockaddr_in to = far_away(443);
  int fd = socket(AF_INET, SOCK_STREAM | flags, 0);
  if (connect(fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) exit(90);
  return fd;
}
/* Becomes `program` with the open connection as its output: looked at afterwards, it is that program that holds it. */
static void become(const char *program, int fd) {
  dup2(fd, 1);
  execl(program, program, "0.05", (char *)NULL);
  exit(91);
}
static int try_spoof_exec(void) {
  become(arg, connect_far(0));
  return 0;
}
static int try_spoof_nonblock(void) {
  become(arg, connect_far(SOCK_NONBLOCK));
  return 0;
}
static int try_spoof_fork(void) {
  int fd = connect_far(0);
  if (fork() == 0) become(arg, fd);
  return 0;
}
static int try_connect_exit(void) {
  int fd = connect_far(0);
  return code(write(fd, "x", 1));
}
static int try_wait_answer(void) {
  char byte;
  int fd = connect_far(0);
  return read(fd, &byte, 1) == 1 ? 0 : 92;
}
/* The way Java connects: an IPv6 socket to an IPv4 address written in IPv6. */
static int try_mapped(void) {
  struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(443)};
  char byte;
  int fd = socket(AF_INET6, SOCK_STREAM, 0);
  inet_pton(AF_INET6, "::ffff:203.0.113.9", &to.sin6_addr);
  if (connect(fd, (struct sockaddr *)&to, sizeof to)) return errno;
  return read(fd, &byte, 1) == 1 ? 0 : 92;
}
/* The same socket connected by two programs: whose connection would it be? */
static int try_two_callers(void) {
  int fd = connect_far(SOCK_NONBLOCK);
  char number[16];
  snprintf(number, sizeof number, "%d", fd);
  execl("/tmp/second", "/tmp/second", "reconnect", number, (char *)NULL);
  return 91;
}
static int try_reconnect(void) {
  struct sockaddr_in to = far_away(443);
  connect(atoi(arg), (struct sockaddr *)&to, sizeof to);
  usleep(100000);
  return 0;
}
static int try_fork_bomb(void) {
  int n = 0;
  for (; n < 5000; n++) {
    pid_t pid = fork();
    if (pid < 0) break;
    if (pid == 0) {
      pause();
      _exit(0);
    }
  }
  return n;
}
static int try_memory(void) {
  size_t total = (size_t)atoi(arg) << 20;
  volatile char *at = malloc(total);
  if (!at) return errno;
  for (size_t i = 0; i < total; i += 4096) at[i] = 1;
  return 0;
}

#define T(name) {#name, try_##name}
static const struct { const char *name; int (*run)(void); } table[] = {
  T(ptrace), T(vm_read), T(pidfd_getfd), T(mount), T(open_tree), T(unshare_user), T(unshare_net), T(clone_user), T(clone3), T(setns),
  T(keyctl), T(io_uring), T(bpf), T(perf), T(userfaultfd), T(vsock), T(packet), T(netlink), T(alg), T(raw), T(ping), T(mptcp), T(sctp),
  T(fast_open), T(fast_open_msg), T(udp), T(ipv6), T(hijack), T(abstract), T(kill), T(kill_init), T(setuid_bit), T(setuid_create),
  T(openat2), T(setuid), T(tiocsti), T(tiocsti_high), T(set_exe), T(personality), T(chroot), T(mknod), T(handle), T(unknown), T(own_mem),
  T(sysctl), T(map), T(spoof_exec), T(spoof_nonblock), T(spoof_fork), T(connect_exit), T(wait_answer), T(fork_bomb), T(memory), T(mapped),
  T(two_callers), T(reconnect),
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
