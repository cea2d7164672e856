/* The system call filter, built as a sorted decision tree so the kernel evaluates about eight steps per call. Neighbours
   of one fate share a leaf: the kernel's work at the start grows with the length.

   Threat: kernel surface that an agent never needs, ways around the other layers (io_uring, MPTCP, TCP fast open,
   process_vm_writev, new user namespaces), and a socket whose opener nobody saw.
   Invariant: every connect() waits until the shim has recorded who calls it; an unknown call is ENOSYS, a foreign
   calling convention kills. Why these calls: docs/adr/0011-a-launcher-of-our-own.md. */
#include "creel.h"
#include "kernel.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#define X32_BIT 0x40000000u
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "creel-launch supports x86_64 and aarch64"
#endif

#define LAST_KNOWN_CALL 466
#define NEW_NAMESPACES 0x7e020000u
#define SIBLING 0x8000u /* CLONE_PARENT: a child of somebody else's, who would count as its ancestor */
#define CODE 4u         /* PROT_EXEC */
#define NO_FILE 0x20u   /* MAP_ANONYMOUS */
#define AT_PLACE 0x10u  /* MAP_FIXED */
#define BY_LOADER 0x800u /* MAP_DENYWRITE */
#define NEW_TIME_NAMESPACE 0x80u
#define SET_ID_BITS 06000u
#define FAST_OPEN 0x20000000u
#define CREATING (0100u | 020000000u) /* O_CREAT, O_TMPFILE's own bit */
#define PROGRAM_MAX 1024

enum action { DENY, UNKNOWN, NOTIFY, ANY_BIT, NO_BIT, SOCKET, CREATE_MODE, TTY_IOCTL, NOT_ZERO, MAPS_CODE, PROCESS_OPTION };
struct rule { int nr; enum action action; uint8_t argument; uint32_t value; int error; };

static const struct rule rules_unsorted[] = {
#define DENIED(call) {SYS_##call, DENY, 0, 0, EPERM}
  DENIED(ptrace), DENIED(process_vm_readv), DENIED(process_vm_writev), DENIED(kcmp), {438, DENY, 0, 0, EPERM}, {440, DENY, 0, 0, EPERM},
  DENIED(mount), DENIED(umount2), DENIED(pivot_root), DENIED(chroot), {428, DENY, 0, 0, EPERM}, {429, DENY, 0, 0, EPERM},
  {430, DENY, 0, 0, EPERM}, {431, DENY, 0, 0, EPERM}, {432, DENY, 0, 0, EPERM}, {433, DENY, 0, 0, EPERM}, {442, DENY, 0, 0, EPERM},
  DENIED(setns), {435, UNKNOWN, 0, 0, ENOSYS}, {437, UNKNOWN, 0, 0, ENOSYS}, {425, DENY, 0, 0, EPERM}, {426, DENY, 0, 0, EPERM},
  {427, DENY, 0, 0, EPERM}, DENIED(bpf), DENIED(perf_event_open), DENIED(userfaultfd), DENIED(kexec_load), DENIED(init_module),
  DENIED(finit_module), DENIED(delete_module), DENIED(syslog), DENIED(keyctl), DENIED(add_key), DENIED(request_key),
  DENIED(open_by_handle_at), DENIED(name_to_handle_at), DENIED(fanotify_init), DENIED(quotactl), {443, DENY, 0, 0, EPERM}, DENIED(acct),
  DENIED(swapon), DENIED(swapoff), DENIED(reboot), DENIED(settimeofday), DENIED(clock_settime), DENIED(clock_adjtime), DENIED(adjtimex),
  DENIED(vhangup), DENIED(nfsservctl), DENIED(lookup_dcookie), DENIED(mbind), DENIED(set_mempolicy), DENIED(migrate_pages),
  DENIED(move_pages), DENIED(vmsplice), DENIED(sethostname), DENIED(setdomainname), {450, DENY, 0, 0, EPERM},
#ifdef __x86_64__
  DENIED(uselib), DENIED(ustat), DENIED(sysfs), DENIED(modify_ldt), DENIED(iopl), DENIED(ioperm), DENIED(_sysctl), {320, DENY, 0, 0, EPERM},
  {SYS_open, CREATE_MODE, 1, 2, EPERM}, {SYS_creat, ANY_BIT, 1, SET_ID_BITS, EPERM}, {SYS_chmod, ANY_BIT, 1, SET_ID_BITS, EPERM},
  {SYS_mknod, ANY_BIT, 1, SET_ID_BITS, EPERM},
#else
  {294, DENY, 0, 0, EPERM},
#endif
  {SYS_openat, CREATE_MODE, 2, 3, EPERM}, {SYS_fchmod, ANY_BIT, 1, SET_ID_BITS, EPERM}, {SYS_fchmodat, ANY_BIT, 2, SET_ID_BITS, EPERM},
  {452, ANY_BIT, 2, SET_ID_BITS, EPERM}, {SYS_mknodat, ANY_BIT, 2, SET_ID_BITS, EPERM},
  {SYS_clone, ANY_BIT, 0, NEW_NAMESPACES | SIBLING, EPERM}, {SYS_unshare, ANY_BIT, 0, NEW_NAMESPACES | NEW_TIME_NAMESPACE, EPERM},
  {SYS_sendto, ANY_BIT, 3, FAST_OPEN, EOPNOTSUPP}, {SYS_sendmsg, ANY_BIT, 2, FAST_OPEN, EOPNOTSUPP},
  {SYS_sendmmsg, ANY_BIT, 3, FAST_OPEN, EOPNOTSUPP}, {SYS_prctl, PROCESS_OPTION, 0, 0, EPERM},
  {SYS_personality, NOT_ZERO, 0, 0, EPERM}, {SYS_ioctl, TTY_IOCTL, 1, 0, EPERM}, {SYS_socket, SOCKET, 0, 0, 0},
  {SYS_socketpair, SOCKET, 0, 0, 0}, {SYS_connect, NOTIFY, 0, 0, 0},
  {SYS_execve, NOTIFY, 0, 0, 0}, {SYS_execveat, NOTIFY, 0, 0, 0}, {SYS_mmap, MAPS_CODE, 2, 3, 0},
};
#define RULE_COUNT (sizeof rules_unsorted / sizeof rules_unsorted[0])

static struct sock_filter program[PROGRAM_MAX];
static unsigned length;

static bool nested;

static void emit(uint16_t code, uint32_t k, uint8_t jt, uint8_t jf) {
  if (length == PROGRAM_MAX) die("seccomp", "filter is larger than %d instructions", PROGRAM_MAX);
  program[length++] = (struct sock_filter){code, jt, jf, k};
}
static void load(unsigned offset) { emit(BPF_LD | BPF_W | BPF_ABS, offset, 0, 0); }
static void load_argument(unsigned n) { load((unsigned)(offsetof(struct seccomp_data, args) + 8 * n)); }
static void jump(uint16_t test, uint32_t k, uint8_t jt, uint8_t jf) { emit((uint16_t)(BPF_JMP | test | BPF_K), k, jt, jf); }
static void give(uint32_t verdict) { emit(BPF_RET | BPF_K, verdict, 0, 0); }
static void refuse(int error) { give(SECCOMP_RET_ERRNO | (uint32_t)error); }

/* Unix sockets of any type; internet sockets only as plain TCP and UDP: MPTCP, SCTP and raw sockets go round the layers. */
static void socket_body(void) {
  load_argument(0);
  jump(BPF_JEQ, 1, 0, 1);
  give(SECCOMP_RET_ALLOW);
  if (nested) { /* a sandbox inside raises its own loopback by NETLINK_ROUTE; in ours that protocol may only look */
    jump(BPF_JEQ, 16, 0, 4);
    load_argument(2);
    jump(BPF_JEQ, 0, 0, 1);
    give(SECCOMP_RET_ALLOW);
    refuse(EPROTONOSUPPORT);
  }
  jump(BPF_JEQ, 2, 2, 0);
  jump(BPF_JEQ, 10, 1, 0);
  refuse(EAFNOSUPPORT);
  load_argument(1);
  emit(BPF_ALU | BPF_AND | BPF_K, 0xf, 0, 0);
  jump(BPF_JEQ, 1, 2, 0);
  jump(BPF_JEQ, 2, 1, 0);
  refuse(EPERM);
  load_argument(2);
  jump(BPF_JEQ, 0, 3, 0);
  jump(BPF_JEQ, 6, 2, 0);
  jump(BPF_JEQ, 17, 1, 0);
  refuse(EPROTONOSUPPORT);
  give(SECCOMP_RET_ALLOW);
}

static void body(const struct rule *r) {
  switch (r->action) {
  case DENY:
  case UNKNOWN: refuse(r->error); return;
  case NOTIFY: give(SECCOMP_RET_USER_NOTIF); return;
  case SOCKET: socket_body(); return;
  case ANY_BIT:
    load_argument(r->argument);
    jump(BPF_JSET, r->value, 0, 1);
    break;
  case NO_BIT:
    load_argument(r->argument);
    jump(BPF_JSET, r->value, 1, 0);
    break;
  case CREATE_MODE: /* argument: flags, value: index of the mode */
    load_argument(r->argument);
    jump(BPF_JSET, CREATING, 0, 3);
    load_argument(r->value);
    jump(BPF_JSET, SET_ID_BITS, 0, 1);
    break;
  case TTY_IOCTL: /* the kernel looks at the low 32 bits only, and so do we: TIOCSTI, TIOCLINUX */
    load_argument(r->argument);
    jump(BPF_JEQ, 0x5412, 1, 0);
    jump(BPF_JEQ, 0x541c, 0, 1);
    break;
  case MAPS_CODE:
    /* argument: protection, value: index of the flags. Code from a file waits until the shim has noted it, and so does
       the first part of whatever glibc's loader maps, known by its flags: a library can have its code made out of its
       data by the loader itself, in memory of no file. */
    load_argument(r->value);
    jump(BPF_JSET, NO_FILE, 6, 0);
    load_argument(r->argument);
    jump(BPF_JSET, CODE, 3, 0);
    load_argument(r->value);
    emit(BPF_ALU | BPF_AND | BPF_K, BY_LOADER | AT_PLACE, 0, 0);
    jump(BPF_JEQ, BY_LOADER, 0, 1);
    give(SECCOMP_RET_USER_NOTIF);
    give(SECCOMP_RET_ALLOW);
    return;
  case PROCESS_OPTION: /* PR_SET_MM forges what /proc says of us; PR_SET_CHILD_SUBREAPER adopts children of strangers */
    load_argument(r->argument);
    jump(BPF_JEQ, 35, 1, 0);
    jump(BPF_JEQ, 36, 0, 1);
    break;
  case NOT_ZERO: /* personality: reading (0xffffffff) and the default are harmless */
    load_argument(r->argument);
    jump(BPF_JEQ, 0, 2, 0);
    jump(BPF_JEQ, 0xffffffffu, 1, 0);
    break;
  }
  refuse(r->error);
  give(SECCOMP_RET_ALLOW);
}

/* The calls from `from` up to the next span share one fate; no rule: allowed. */
struct span { int from; const struct rule *rule; };

static bool same_fate(const struct rule *a, const struct rule *b) {
  return (a->action == DENY || a->action == UNKNOWN) && (b->action == DENY || b->action == UNKNOWN) && a->error == b->error;
}

static size_t spans_of(const struct rule *rules, size_t count, struct span *spans) {
  size_t n = 0;
  int next = 0; /* the first call that no span covers yet */
  for (size_t i = 0; i < count; i++) {
    if (rules[i].nr > next || i == 0) spans[n++] = (struct span){next, NULL};
    bool joins = i > 0 && rules[i].nr == next && same_fate(&rules[i - 1], &rules[i]);
    if (!joins) spans[n++] = (struct span){rules[i].nr, &rules[i]};
    next = rules[i].nr + 1;
  }
  spans[n++] = (struct span){next, NULL};
  return n;
}

static void tree(const struct span *spans, size_t count) {
  if (count == 1) {
    if (spans->rule) body(spans->rule);
    else give(SECCOMP_RET_ALLOW);
    return;
  }
  size_t half = count / 2;
  unsigned test = length;
  jump(BPF_JGE, (uint32_t)spans[half].from, 0, 0);
  tree(spans, half);
  unsigned left = length - test - 1;
  if (left <= UINT8_MAX) program[test].jt = (uint8_t)left;
  else {
    /* Too far for a test's own jump: one without a condition goes between, and what follows moves on by one. */
    emit(BPF_JMP | BPF_JA, 0, 0, 0);
    memmove(&program[test + 2], &program[test + 1], left * sizeof program[0]);
    program[test + 1] = (struct sock_filter){BPF_JMP | BPF_JA, 0, 0, left};
    program[test].jf = 1;
  }
  tree(spans + half, count - half);
}

static int by_number(const void *a, const void *b) { return ((const struct rule *)a)->nr - ((const struct rule *)b)->nr; }

/* What the nested profile lets through: the calls with which an agent's own sandbox (bwrap, Codex) makes namespaces and a
   root inside ours. The cost: the kernel's namespace and mount code, where most of its privilege escalations were found,
   is in reach; Landlock's file rules must go, for they forbid mounting; and with them goes what kept one program of the
   agent from writing into the memory of another, so which binary connected is the agent's word. What stays: the mounts of
   this sandbox are locked against a namespace below it, and its network namespace belongs to a user namespace in which
   nobody inside has a capability. */
static bool let_through(int call) {
  return call == SYS_mount || call == SYS_umount2 || call == SYS_pivot_root || call == SYS_unshare;
}

/* Where nothing writable may run: anonymous files only sealed against execution. Memory without a file stays (JITs need it). */
static const struct rule rules_noexec[] = {{SYS_memfd_create, NO_BIT, 1, 8 /* MFD_NOEXEC_SEAL */, EACCES}, {447, DENY, 0, 0, EPERM}};

/* The rules for this sandbox, by number; how many. */
static size_t rules_of(const struct spec *spec, struct rule rules[RULE_COUNT + 2]) {
  size_t count = 0;
  nested = spec->nested;
  for (size_t i = 0; i < RULE_COUNT; i++)
    if (!nested || !let_through(rules_unsorted[i].nr)) rules[count++] = rules_unsorted[i];
  for (size_t i = 0; nested && i < count; i++)
    if (rules[i].nr == SYS_clone) rules[i].value &= ~NEW_NAMESPACES;
  for (size_t i = 0; spec->no_exec && i < 2; i++) rules[count++] = rules_noexec[i];
  qsort(rules, count, sizeof rules[0], by_number);
  return count;
}

void seccomp_prepare(const struct spec *spec) {
  struct rule rules[RULE_COUNT + 2];
  struct span spans[2 * (RULE_COUNT + 2) + 1];
  size_t count = rules_of(spec, rules);
  length = 0;
  load(offsetof(struct seccomp_data, arch));
  jump(BPF_JEQ, NATIVE_ARCH, 1, 0);
  give(SECCOMP_RET_KILL_PROCESS);
  load(offsetof(struct seccomp_data, nr));
#ifdef X32_BIT
  jump(BPF_JGE, X32_BIT, 0, 1);
  give(SECCOMP_RET_KILL_PROCESS);
#endif
  jump(BPF_JGT, LAST_KNOWN_CALL, 0, 1);
  refuse(ENOSYS);
  tree(spans, spans_of(rules, count, spans));
}

int seccomp_install(void) {
  struct sock_fprog filter = {(unsigned short)length, program};
  unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | (1ul << 5) /* WAIT_KILLABLE_RECV: no restart storms under signals */;
  int fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
  if (fd < 0 && errno == EINVAL) fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
  if (fd < 0) die_errno("seccomp", "cannot install the filter");
  return fd;
}
