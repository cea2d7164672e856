/* What the agent may do with the rights it has left: resource limits, no capabilities, Landlock.

   Invariant: after capabilities_drop nothing in this process tree can mount, trace outside itself or change ids;
   after landlock_apply a file is written only beneath the paths the policy names, whatever mounts allow. */
#include "creel.h"
#include "kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define CAPABILITY_NUMBER_MAX 63

static void limit(int which, unsigned long long value, const char *name) {
  if (value == 0) return;
  struct rlimit now, want = {value, value};
  if (!getrlimit(which, &now) && now.rlim_max != RLIM_INFINITY && value > now.rlim_max) want.rlim_cur = want.rlim_max = now.rlim_max;
  if (setrlimit(which, &want)) die("limits", "cannot set the %s limit to %llu: %s", name, value, strerror(errno));
}

void limits_apply(const struct spec *spec) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  limit(RLIMIT_NPROC, spec->processes, "process");
  limit(RLIMIT_NOFILE, spec->open_files, "open file");
  limit(RLIMIT_FSIZE, spec->file_bytes, "file size");
}

void capabilities_drop(void) {
  unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
                       SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  if (prctl(PR_SET_SECUREBITS, bits)) die_errno("capabilities", "securebits");
  /* The first number that is invalid is one past the last capability of this kernel. */
  for (int c = 0; c <= CAPABILITY_NUMBER_MAX; c++) {
    if (!prctl(PR_CAPBSET_DROP, c)) continue;
    if (errno == EINVAL && c > 0) break;
    die_errno("capabilities", "bounding set");
  }
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0}, {0}};
  if (syscall(SYS_capset, &header, none)) die_errno("capabilities", "capset");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) die_errno("capabilities", "no_new_privs");
}

#define FS_EXECUTE (1ull << 0)
#define FS_WRITE_FILE (1ull << 1)
#define FS_READ_FILE (1ull << 2)
#define FS_READ_DIR (1ull << 3)
#define FS_MAKE_CHAR (1ull << 6)
#define FS_MAKE_BLOCK (1ull << 11)
#define FS_REFER (1ull << 13)
#define FS_TRUNCATE (1ull << 14)
#define FS_IOCTL_DEV (1ull << 15)
#define FS_ON_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define FS_READ (FS_EXECUTE | FS_READ_FILE | FS_READ_DIR)
#define SCOPE_ALL 3ull /* abstract unix sockets, signals */
#define RULE_PATH_BENEATH 1
/* Below this version a rule set cannot stop truncation, so a "read-only" file could be emptied. */
#define LANDLOCK_ABI_FOR_HARD 3

struct ruleset_attr { uint64_t fs, net, scoped; };
struct path_attr { uint64_t allowed; int32_t parent; } __attribute__((packed));

int landlock_abi(void) {
  int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
  return abi < 0 ? 0 : abi;
}

static uint64_t handled_rights(int abi) {
  uint64_t rights = (1ull << 13) - 1;
  if (abi >= 2) rights |= FS_REFER;
  if (abi >= 3) rights |= FS_TRUNCATE;
  if (abi >= 5) rights |= FS_IOCTL_DEV;
  return rights;
}

static void allow(int ruleset, const char *path, uint64_t rights, bool hard) {
  struct path_attr rule = {.parent = open(path, O_PATH | O_CLOEXEC)};
  struct stat st;
  if (rule.parent < 0 || fstat(rule.parent, &st)) {
    if (hard) die("landlock", "policy path %.300s does not exist in the sandbox: %s", path, strerror(errno));
    return;
  }
  rule.allowed = S_ISDIR(st.st_mode) ? rights : rights & FS_ON_FILES;
  if (syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0)) die("landlock", "rule for %.300s: %s", path, strerror(errno));
  close(rule.parent);
}

void landlock_apply(const struct spec *spec) {
  int abi = landlock_abi();
  if (spec->landlock_hard && abi < LANDLOCK_ABI_FOR_HARD)
    die("landlock", "the policy demands Landlock (hard_requirement), this kernel offers ABI %d, at least %d is needed", abi, LANDLOCK_ABI_FOR_HARD);
  if (spec->nested && spec->landlock_hard)
    die("landlock", "nested user namespaces need mounts, which Landlock forbids; a policy that demands Landlock cannot have both");
  if (abi == 0 || (spec->nested && abi < 6)) return;
  /* A domain with rules on files may not mount: the nested profile keeps the scopes and leaves files to our mounts. */
  struct ruleset_attr attr = {.fs = spec->nested ? 0 : handled_rights(abi), .scoped = abi >= 6 ? SCOPE_ALL : 0};
  size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
  if (ruleset < 0) die_errno("landlock", "create_ruleset");
  for (int i = 0; attr.fs && i < spec->read_only_count; i++) allow(ruleset, spec->read_only[i], FS_READ & attr.fs, spec->landlock_hard);
  uint64_t write = attr.fs & ~(FS_MAKE_CHAR | FS_MAKE_BLOCK);
  for (int i = 0; attr.fs && i < spec->read_write_count; i++) allow(ruleset, spec->read_write[i], write, spec->landlock_hard);
  if (syscall(SYS_landlock_restrict_self, ruleset, 0)) die_errno("landlock", "restrict_self");
  close(ruleset);
}
