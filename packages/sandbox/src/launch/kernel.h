/* Kernel interfaces that older libc and kernel headers lack, declared here so that any C compiler can build us. */
#ifndef CREEL_KERNEL_H
#define CREEL_KERNEL_H
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_open_tree
#define SYS_open_tree 428
#define SYS_move_mount 429
#define SYS_fsopen 430
#define SYS_fsconfig 431
#define SYS_fsmount 432
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

struct creel_mount_attr { uint64_t set, clear, propagation, userns_fd; };
#define ATTR_RDONLY 0x1u
#define ATTR_NOSUID 0x2u
#define ATTR_NODEV 0x4u
#define ATTR_NOEXEC 0x8u
#define ATTR_IDMAP 0x100000u
#define TREE_CLONE 1u
#define TREE_CLOEXEC 02000000u
#define TREE_EMPTY_PATH 0x1000u
#define TREE_RECURSIVE 0x8000u
#define MOVE_FROM_EMPTY 0x4u
#define MOVE_TO_EMPTY 0x40u
#define FS_SET_STRING 1u
#define FS_CREATE 6u

static inline int sys_open_tree(int dir, const char *path, unsigned flags) { return (int)syscall(SYS_open_tree, dir, path, flags); }
/* Onto `to` itself when the name is empty, else onto that name in the directory `to`; a link there is not followed. */
static inline int sys_move_mount(int from, int to, const char *name) {
  return (int)syscall(SYS_move_mount, from, "", to, name, MOVE_FROM_EMPTY | (*name ? 0 : MOVE_TO_EMPTY));
}
static inline int sys_fsopen(const char *type) { return (int)syscall(SYS_fsopen, type, 1u); }
static inline int sys_fsconfig(int fs, unsigned command, const char *key, const char *value) {
  return (int)syscall(SYS_fsconfig, fs, command, key, value, 0);
}
static inline int sys_fsmount(int fs, unsigned attributes) { return (int)syscall(SYS_fsmount, fs, 1u, attributes); }
static inline int sys_mount_setattr(int dir, unsigned flags, struct creel_mount_attr *a) {
  return (int)syscall(SYS_mount_setattr, dir, "", flags | TREE_EMPTY_PATH, a, sizeof *a);
}
static inline int sys_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0u); }
static inline int sys_pidfd_getfd(int pidfd, int fd) { return (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0u); }
static inline void sys_close_from(unsigned first) { syscall(SYS_close_range, first, ~0u, 0u); }
#endif
