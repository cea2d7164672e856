/* creel-launch: what its files share. See ../../AGENTS.md for who calls whom. */
#ifndef CREEL_H
#define CREEL_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct pollfd;

/* One frame carries a spec, an exec request or an answer. Generated files (a CA bundle) are the large part. */
#define FRAME_BYTES_MAX (8u * 1024 * 1024)
#define SPEC_LIST_MAX 512
#define ROOT_OPS_MAX 512
#define PATH_BYTES_MAX 4096
#define PROTECT_MAX 128
#define NAME_BYTES_MAX 256
#define COPY_BYTES_MAX 16384 /* the same bound as in root.ts */
#define ANCESTORS_MAX 64
/* An agent that runs as root on the host would be one kernel bug from owning it; root hands over to this host uid. */
#define UNPRIVILEGED_HOST_ID 65534
#define INSIDE_ID 1000
#define GATEWAY_PORT 15001
#define CLIENTS_MAX 64
#define CAUSE_BYTES_MAX 16
#define SANDBOX_ADDRESS 0x0a000264u /* 10.0.2.100 */

/* ---- frames: u32 body length, then per item u32 length, bytes, NUL (little endian) ---- */
struct frame { uint8_t *bytes; size_t length, capacity; };
struct items { const char *at[SPEC_LIST_MAX * 8]; size_t count; };
void frame_start(struct frame *f);
void frame_bytes(struct frame *f, const void *data, size_t length);
void frame_text(struct frame *f, const char *text);
void frame_number(struct frame *f, long long number);
void frame_free(struct frame *f);
int frame_send(int fd, struct frame *f, const int *fds, int fd_count);
/* Reads one whole frame, blocking; the body is malloc'd into *body. Returns its length, 0 at end of file, -1 on error. */
ssize_t frame_receive(int fd, uint8_t **body, int *fds, int *fd_count);
bool frame_split(uint8_t *body, size_t length, struct items *items);
int send_words(int fd, const int *fds, int fd_count, const char *first, ...);

/* ---- spec ---- */
/* In the order in which control.c and control.ts name them. */
enum { LIMIT_MEMORY, LIMIT_PROCESSES, LIMIT_CPUS, LIMIT_OPEN_FILES, LIMIT_TMP, LIMIT_WORKSPACE_BYTES, LIMIT_WORKSPACE_FILES, LIMIT_COUNT };

enum op_kind { OP_DIR, OP_SYMLINK, OP_FILE, OP_MOUNT, OP_TMPFS, OP_PROC, OP_DEV, OP_PTS, OP_PROTECT, OP_COPY };
/* A name beneath the workspace mounted from `source` on `target`. */
struct protect { const char *source, *target, *relative; };
struct op {
  enum op_kind kind;
  const char *target, *source, *content;
  unsigned mode;
  unsigned long long size;
  bool read_only, no_exec;
  int tree; /* detached mount of `source`, made before the root changes */
};
struct spec {
  const char *id, *run_dir, *state_dir, *hostname, *cwd;
  char *argv[SPEC_LIST_MAX + 1], *env[SPEC_LIST_MAX + 1];
  int argc, envc;
  struct op ops[ROOT_OPS_MAX];
  int op_count;
  const char *read_only[SPEC_LIST_MAX], *read_write[SPEC_LIST_MAX];
  int read_only_count, read_write_count;
  const char *aliases[SPEC_LIST_MAX]; /* paths inside that lie on a read-only mount, yet show what the agent may write */
  int alias_count;
  bool landlock_hard, foreground, root_launcher, terminal, no_exec, nested, count_forks;
  struct protect protect[PROTECT_MAX];
  int protect_count;
  unsigned short columns, rows;
  pid_t caller;
  unsigned long long processes, open_files, file_bytes, memory_bytes, log_bytes, cpu_milli, tmp_bytes, workspace_bytes, workspace_files;
  unsigned host_uid, host_gid;
};
void spec_parse(struct spec *spec, struct items *items);
void command_parse(struct spec *spec, struct items *items, size_t from);

/* ---- errors: one frame ["error", layer, message] on the status fd, then exit ---- */
extern int status_fd;
extern void (*at_death)(void); /* what this process must put back before it ends by `die` or `fail` */
void fail(void) __attribute__((noreturn));
void die(const char *layer, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));
void die_errno(const char *layer, const char *what) __attribute__((noreturn));

/* ---- inside: run by the cloned child ---- */
struct net_fds { int listener, dns, diag; };
void net_setup(struct net_fds *out);
void mounts_open(struct spec *spec);
int root_enter(struct spec *spec);
void root_detach(int root);
int open_parent(int root, const char *path, char leaf[NAME_BYTES_MAX]);
void place_forget(const char *target);
void mount_at(int root, int tree, const char *target);
void mount_guard(int root, int tree, const char *target, const char *content);
void protect_prepare(struct spec *spec);
void protect_open(struct spec *spec);
void protect_mount(int root);
void protect_forget(void);
void protect_release(void);
void limits_apply(const struct spec *spec);
void capabilities_drop(void);
int landlock_abi(void);
void landlock_apply(const struct spec *spec);
void seccomp_prepare(const struct spec *spec);
int seccomp_install(void);
/* `terminal` is the agent's end of its pty, or -1. */
void init_main(struct spec *spec, int control, int out_fd, int err_fd, int terminal) __attribute__((noreturn));

/* ---- outside: the shim ---- */
struct shim {
  struct spec *spec;
  int control, listener, dns, diag, notify, server, out, err, terminal[2];
  int root; /* the sandbox's root directory, which its undumpable PID 1 shows nobody */
  pid_t init_pid, agent_pid;
  long long started_ms, kill_at_ms, ended_ms;
  bool exited;
  int wait_status;
  const char *held[LIMIT_COUNT]; /* who holds each limit asked for: cgroup, watchdog, rlimit, mount or none; NULL: not asked */
  char stop_cause[CAUSE_BYTES_MAX], end_cause[CAUSE_BYTES_MAX];
  bool ending; /* set once, by whoever ends the sandbox first; only under its lock in shim.c */
  unsigned long long end_limit, end_used;
  long long refused_forks; /* -1: nobody counts them */
};
/* Ends everything inside at once. Any thread may call it; the first cause stays. */
void shim_end(struct shim *shim, const char *cause, unsigned long long limit, unsigned long long used);
void namespaces_start(struct shim *shim);
void idmap_tree(int tree, unsigned owner, unsigned group, const struct spec *spec);
int shim_main(struct spec *spec);
int server_open(const char *run_dir);
void server_forget(void);
void server_accept(struct shim *shim);
int clients_poll(struct pollfd *fds);
void clients_serve(struct shim *shim, const struct pollfd *fds, int count);
void clients_tell(struct items *event);
void clients_tell_exit(int status);
void shim_stop(struct shim *shim, long long grace_ms, const char *cause);
void shim_signal(struct shim *shim, const char *id, int number);
void log_open(const struct spec *spec);
void log_write(const void *data, size_t length);
long long log_total(void);
void exit_draft(const struct shim *shim);
void exit_record(const struct shim *shim);
long long now_ms(void);
bool cgroup_available(void);
void cgroup_prepare(const struct spec *spec);
unsigned cgroup_move(pid_t pid);
unsigned cgroup_join(void);
void cgroup_close_doors(void);
unsigned long long cgroup_oom_kills(void);
unsigned long long cgroup_memory_used(void);
long long cgroup_refused_forks(const struct shim *shim);
void cgroup_remove(void);
void cgroup_sweep(void);
void watchdog_start(struct shim *shim);
unsigned long long watchdog_used(int limit);

/* ---- identity ---- */
/* `watch` once `notify` is there. */
void identity_start(struct shim *shim);
void identity_watch(void);
/* The form of what identity_answer() says; a shim also names it in its status, so that a newer node sees that it cannot read it. */
#define IDENTITY_ANSWER "who1"
bool identity_answer(uint64_t cookie, struct frame *answer);
bool diag_cookie(int diag, const char *src, int sport, const char *dst, int dport, uint64_t *cookie);
struct sha256 { uint32_t state[8]; uint64_t total; uint8_t block[64]; };
void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t length);
void sha256_hex(struct sha256 *s, char out[65]);

/* ---- terminal: `make` inside, the rest in the shim ---- */
#define TERMINAL_POLLS 3 /* entries of the two below */
void terminal_make(const struct spec *spec, int ends[2]);
void terminal_start(int master, int peer);
void terminal_resize(unsigned columns, unsigned rows);
bool terminal_signal(int number);
void terminal_poll(struct pollfd *fds);
void terminal_serve(const struct pollfd *fds);
void terminal_finish(int signals);

int relay_main(const char *run_dir);
int exec_main(const char *run_dir);
int probe_main(void);
int knock_main(const char *address, const char *port);
int shim_connect(const char *run_dir);
#endif
