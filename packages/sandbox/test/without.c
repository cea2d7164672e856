/* without LAYER -- COMMAND…: runs a command as on a host whose kernel lacks one layer. What is taken away is refused by the kernel
   itself (a filter), or asked of it under a name that it does not know (tproxy). */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARG(n) (offsetof(struct seccomp_data, args) + 8 * (n))
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define SKIP_UNLESS(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count)
#define SKIP_UNLESS_BITS(bits, count) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, count)
#define REFUSE(errno_) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (errno_))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define NUMBER LOAD(offsetof(struct seccomp_data, nr))

static void filter(struct sock_filter *rules, unsigned short count) {
  struct sock_fprog program = {count, rules};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
    perror("filter");
    exit(125);
  }
}
#define FILTER(...) do { struct sock_filter rules[] = {__VA_ARGS__}; filter(rules, sizeof rules / sizeof *rules); } while (0)

static void take_away(const char *layer) {
  if (!strcmp(layer, "userns")) FILTER(NUMBER, SKIP_UNLESS(SYS_clone, 3), LOAD(ARG(0)), SKIP_UNLESS_BITS(0x10000000, 4), REFUSE(EPERM), SKIP_UNLESS(435, 1), REFUSE(ENOSYS), ALLOW, ALLOW);
  else if (!strcmp(layer, "netns")) FILTER(NUMBER, SKIP_UNLESS(SYS_unshare, 3), LOAD(ARG(0)), SKIP_UNLESS_BITS(0x40000000, 1), REFUSE(ENOSPC), ALLOW);
  else if (!strcmp(layer, "netfilter")) FILTER(NUMBER, SKIP_UNLESS(SYS_socket, 5), LOAD(ARG(0)), SKIP_UNLESS(16, 3), LOAD(ARG(2)), SKIP_UNLESS(12, 1), REFUSE(EPROTONOSUPPORT), ALLOW);
  else if (!strcmp(layer, "transparent")) FILTER(NUMBER, SKIP_UNLESS(SYS_setsockopt, 5), LOAD(ARG(1)), SKIP_UNLESS(0, 3), LOAD(ARG(2)), SKIP_UNLESS(19, 1), REFUSE(EPERM), ALLOW);
  else if (!strcmp(layer, "landlock")) FILTER(NUMBER, SKIP_UNLESS(444, 1), REFUSE(EOPNOTSUPP), ALLOW);
  else if (!strcmp(layer, "mount-api")) FILTER(NUMBER, SKIP_UNLESS(428, 1), REFUSE(ENOSYS), ALLOW);
  else if (!strcmp(layer, "notify")) FILTER(NUMBER, SKIP_UNLESS(SYS_seccomp, 3), LOAD(ARG(1)), SKIP_UNLESS_BITS(8, 1), REFUSE(EINVAL), ALLOW);
  else {
    fprintf(stderr, "no layer is called %s\n", layer);
    exit(125);
  }
}

/* Every netlink message that asks for `tproxy` asks for `tpr0xy` instead: the kernel answers as one built without it. */
static void rename_tproxy(pid_t pid, unsigned long address, unsigned long length) {
  char bytes[65536], *at;
  struct iovec mine = {bytes, length < sizeof bytes ? length : sizeof bytes}, theirs = {(void *)address, mine.iov_len};
  if (process_vm_readv(pid, &mine, 1, &theirs, 1, 0) < 0) return;
  while ((at = memmem(bytes, mine.iov_len, "tproxy", 6))) {
    at[3] = '0';
    process_vm_writev(pid, &mine, 1, &theirs, 1, 0);
  }
}

#if defined(__x86_64__)
#define CALL(r) ((r).orig_rax)
#define FIRST(r) ((r).rsi)
#define SECOND(r) ((r).rdx)
#else
#define CALL(r) ((r).regs[8])
#define FIRST(r) ((r).regs[1])
#define SECOND(r) ((r).regs[2])
#endif

static int without_tproxy(char **command) {
  int status, result = 125;
  pid_t first = fork();
  if (first == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    execvp(command[0], command);
    _exit(125);
  }
  waitpid(first, &status, 0);
  ptrace(PTRACE_SETOPTIONS, first, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL);
  ptrace(PTRACE_SYSCALL, first, 0, 0);
  for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
    int pass = 0;
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      if (pid == first) result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      continue;
    }
    int signal = WSTOPSIG(status);
    if (signal == (SIGTRAP | 0x80)) {
      struct user_regs_struct registers;
      struct iovec into = {&registers, sizeof registers};
      if (!ptrace(PTRACE_GETREGSET, pid, (void *)1, &into) && CALL(registers) == SYS_sendto)
        rename_tproxy(pid, FIRST(registers), SECOND(registers));
    } else if (signal != SIGTRAP && signal != SIGSTOP) pass = signal;
    ptrace(PTRACE_SYSCALL, pid, 0, pass);
  }
  return result;
}

int main(int argc, char **argv) {
  if (argc < 4 || strcmp(argv[2], "--")) return 2;
  if (!strcmp(argv[1], "tproxy")) return without_tproxy(argv + 3);
  take_away(argv[1]);
  execvp(argv[3], argv + 3);
  perror(argv[3]);
  return 125;
}
