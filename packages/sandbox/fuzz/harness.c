/* Feeds mutated frames to everything of creel-launch that reads bytes from outside: the spec on descriptor 3 and requests on
   shim.sock. Linked with the real frame.c, spec.c and control.c under the address and undefined-behaviour sanitizers.
     harness SEEDS SECONDS RANDOM_SEED [ROUNDS]
   SEEDS holds real frames, one after the other. Ends with 0 when nothing was found; a sanitizer aborts with its report, and
   `check` says which promise of the parser did not hold. */
#include "../src/launch/creel.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int __lsan_do_recoverable_leak_check(void);
#define SEEDS_MAX 64
#define INPUT_BYTES_MAX (256 * 1024)
#define REQUEST_BYTES_MAX (48 * 1024)

static struct { uint8_t *bytes; size_t length; bool request; } seeds[SEEDS_MAX];
static size_t seed_count;
static uint64_t state;
static uint8_t input[INPUT_BYTES_MAX];
static size_t input_length;
static jmp_buf refused;
static unsigned long long rounds, accepted, refusals, answered;

/* ---- what the linked files call ---- */
int status_fd = -1;
void (*at_death)(void);
void die(const char *layer, const char *format, ...) { (void)layer, (void)format, longjmp(refused, 1); }
void die_errno(const char *layer, const char *what) { (void)layer, (void)what, longjmp(refused, 1); }
void shim_stop(struct shim *shim, long long grace_ms, const char *cause) { (void)shim, (void)grace_ms, (void)cause; }
void shim_signal(struct shim *shim, const char *id, int number) { (void)shim, (void)id, (void)number; }
void shim_end(struct shim *shim, const char *cause, unsigned long long limit, unsigned long long used) { (void)shim, (void)cause, (void)limit, (void)used; }
unsigned long long watchdog_used(int limit) { return (unsigned long long)limit; }
long long cgroup_refused_forks(const struct shim *shim) { return shim->refused_forks; }
long long log_total(void) { return 0; }
bool diag_cookie(int d, const char *s, int sp, const char *t, int tp, uint64_t *c) { (void)d, (void)s, (void)sp, (void)t, (void)tp; return (*c = 7); }
bool identity_answer(uint64_t cookie, struct frame *answer) { (void)cookie, frame_start(answer), frame_text(answer, "who"); return true; }
void terminal_resize(unsigned columns, unsigned rows) { (void)columns, (void)rows; }

static void check(bool holds, const char *promise) {
  if (holds) return;
  fprintf(stderr, "round %llu: %s\n", rounds, promise);
  abort();
}

static uint64_t chance(uint64_t below) {
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  return state % below;
}

/* ---- mutation ---- */
static const char *const words[] = {"mount", "tmpfs", "file", "dir", "symlink", "dev", "arg", "env", "protect", "protected", "noexec", "nested", "countForks",
  "terminal", "limit", "memoryBytes", "readOnly", "readWrite", "/..", "/", "..", "", "-1", "18446744073709551616", "0x7fffffffffffffff", "rw,noexec",
  "creel-spec-1", "who", "fds", "exec", "stop", "kill", "memory", "signal", "resize", "wait", "status", "cwd", "landlock", "hard_requirement", ".git/hooks/", "a/../b"};
static const uint32_t lengths[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffb, 0xfffffffa, 8 * 1024 * 1024, 8 * 1024 * 1024 + 1, 5, 4};

static void insert(size_t at, const void *bytes, size_t n) {
  if (input_length + n > sizeof input) return;
  memmove(input + at + n, input + at, input_length - at);
  memmove(input + at, bytes, n);
  input_length += n;
}
static void delete(size_t at, size_t n) {
  if (at + n > input_length) n = input_length - at;
  memmove(input + at, input + at + n, input_length - at - n);
  input_length -= n;
}
/* The start of a random item of the frame as it stands, or 4 when it no longer is one. */
static size_t item(void) {
  size_t starts[2048], count = 0;
  for (size_t at = 4; at + 4 < input_length && count < 2048;) {
    uint32_t n;
    memcpy(&n, input + at, 4);
    starts[count++] = at;
    if (n > input_length - at - 4) break;
    at += n + 5;
  }
  return count ? starts[chance(count)] : 4;
}
static void add_word(size_t at, const char *text) {
  uint8_t one[64];
  uint32_t n = (uint32_t)strlen(text);
  memcpy(one, &n, 4);
  memcpy(one + 4, text, n + 1);
  if (at <= input_length) insert(at, one, n + 5);
}
static void mutate(void) {
  for (uint64_t times = 1 + chance(6); times > 0 && input_length > 8; times--) {
    size_t at = chance(input_length), i = item();
    uint32_t n;
    switch (chance(13)) {
    case 0: input[at] ^= (uint8_t)(1u << chance(8)); break;
    case 1: input[at] = (uint8_t)chance(256); break;
    case 2: memcpy(&n, &lengths[chance(sizeof lengths / sizeof lengths[0])], 4), memcpy(input + (i + 4 <= input_length ? i : 0), &n, 4); break;
    case 3: delete(at, 1 + chance(32)); break;
    case 4: add_word(i, words[chance(sizeof words / sizeof words[0])]); break;
    case 5: if (i + 4 < input_length) memcpy(&n, input + i, 4), delete(i, (size_t)n + 5 < input_length ? (size_t)n + 5 : 1); break;
    case 6: insert(at, input, chance(input_length < 512 ? input_length : 512)); break;
    case 7: for (uint64_t k = chance(700); k > 0; k--) add_word(i, words[chance(sizeof words / sizeof words[0])]); break;
    case 8: input_length = 1 + at; break;
    default: /* within an item's text, so that the frame stays whole */
      if (i + 4 >= input_length) break;
      memcpy(&n, input + i, 4);
      if (n && n < input_length - i - 4) input[i + 4 + chance(n)] = (uint8_t)(1 + chance(255));
    }
  }
  /* Most inputs keep a head that fits, or nothing behind it would ever be read. */
  uint32_t body = (uint32_t)(input_length - 4);
  if (input_length > 4 && chance(8)) memcpy(input, &body, 4);
}

/* ---- the two readers ---- */
static bool inside(const char *text, const uint8_t *body, size_t length) {
  return (const uint8_t *)text >= body && (const uint8_t *)text < body + length && memchr(text, 0, (size_t)(body + length - (const uint8_t *)text));
}
static bool climbs(const char *path) {
  for (const char *p = path; (p = strstr(p, "/..")); p += 3)
    if (p[3] == 0 || p[3] == '/') return true;
  return false;
}
static void check_spec(const struct spec *s, const uint8_t *body, size_t length) {
  check(s->argc > 0 && s->argc <= SPEC_LIST_MAX && !s->argv[s->argc] && s->envc <= SPEC_LIST_MAX, "argument counts");
  check(s->op_count <= ROOT_OPS_MAX && s->protect_count <= PROTECT_MAX, "list bounds");
  for (int i = 0; i < s->argc; i++) check(inside(s->argv[i], body, length), "argument inside the frame");
  for (int i = 0; i < s->op_count; i++) check(s->ops[i].target[0] == '/' && !climbs(s->ops[i].target), "target stays in the root");
  for (int i = 0; i < s->op_count; i++)
    check(s->ops[i].kind != OP_MOUNT || (s->ops[i].source[0] == '/' && !climbs(s->ops[i].source)), "source is a plain path");
  for (int i = 0; i < s->protect_count; i++) {
    char both[PATH_BYTES_MAX + 8];
    snprintf(both, sizeof both, "/%s", s->protect[i].relative);
    check(!climbs(both) && s->protect[i].relative[0] != '/', "a protected name stays in the workspace");
  }
  check(!s->terminal || (s->columns && s->rows), "a terminal has a size");
}

static void try_spec(void) {
  static struct items items;
  static struct spec spec;
  static int file = -1;
  uint8_t *volatile body = NULL;
  uint8_t *received = NULL;
  if (file < 0) file = memfd_create("frame", MFD_CLOEXEC);
  if (ftruncate(file, 0) || pwrite(file, input, input_length, 0) != (ssize_t)input_length || lseek(file, 0, SEEK_SET)) abort();
  ssize_t n = frame_receive(file, &received, NULL, NULL);
  body = n > 0 ? received : NULL;
  if (setjmp(refused)) refusals++;
  else if (n > 0 && frame_split(body, (size_t)n, &items)) {
    for (size_t i = 0; i < items.count; i++) check(inside(items.at[i], body, (size_t)n), "item inside the frame");
    spec_parse(&spec, &items);
    check_spec(&spec, body, (size_t)n);
    accepted++;
  }
  free(body);
}

static struct sockaddr_un address;
static struct shim shim;
static struct spec shim_spec = {.id = "fuzz"};
static int inner;

static void drain_inner(void) {
  uint8_t *body = NULL;
  int fds[4], count = 0;
  for (struct pollfd p = {inner, POLLIN, 0}; poll(&p, 1, 0) == 1 && frame_receive(inner, &body, fds, &count) > 0; free(body), body = NULL)
    for (int i = 0; i < count; i++) close(fds[i]);
}

static void try_request(void) {
  struct pollfd fds[CLIENTS_MAX];
  size_t length = input_length < REQUEST_BYTES_MAX ? input_length : REQUEST_BYTES_MAX;
  int caller = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), carried = (int)chance(4), null[4];
  if (connect(caller, (struct sockaddr *)&address, sizeof address)) abort();
  for (int i = 0; i < carried; i++) null[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
  union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int) * 4)]; } control = {0};
  struct iovec part = {input, length};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (carried) {
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)carried);
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    *c = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int) * (size_t)carried)};
    memcpy(CMSG_DATA(c), null, sizeof(int) * (size_t)carried);
  }
  if (sendmsg(caller, &message, MSG_NOSIGNAL) < 0) abort();
  shutdown(caller, SHUT_WR);
  for (int i = 0; i < carried; i++) close(null[i]);
  server_accept(&shim);
  /* Served until the shim lets the caller go, as it must at the end of the input. */
  for (int turn = 0;; turn++) {
    int count = clients_poll(fds), open_ones = 0;
    for (int i = 0; i < count; i++) open_ones += fds[i].fd >= 0;
    if (!open_ones) break;
    check(turn < 100000, "a caller at its end is let go");
    if (poll(fds, (nfds_t)count, -1) < 0) continue;
    clients_serve(&shim, fds, count);
    drain_inner();
    answered++;
  }
  close(caller);
}

static int open_descriptors(void) {
  int count = 0;
  for (int fd = 0; fd < 1024; fd++) count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

static void read_seeds(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  for (uint32_t n; seed_count < SEEDS_MAX && read(fd, &n, 4) == 4; seed_count++) {
    uint8_t *bytes = malloc(n + 4);
    memcpy(bytes, &n, 4);
    if (read(fd, bytes + 4, n) != (ssize_t)n) abort();
    seeds[seed_count].bytes = bytes;
    seeds[seed_count].length = n + 4;
    seeds[seed_count].request = n < 16 || memcmp(bytes + 8, "creel-spec", 10);
  }
  close(fd);
}

int main(int argc, char **argv) {
  char directory[] = "/tmp/creel-fuzz-XXXXXX";
  int pair[2], baseline = 0;
  if (argc < 4 || !mkdtemp(directory) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) return 2;
  read_seeds(argv[1]);
  time_t end = time(NULL) + atoll(argv[2]);
  state = strtoull(argv[3], NULL, 0) | 1;
  unsigned long long rounds_max = argc > 4 ? strtoull(argv[4], NULL, 0) : ~0ull;
  shim = (struct shim){.spec = &shim_spec, .control = pair[0], .diag = -1, .notify = -1, .agent_pid = 1};
  shim.listener = shim.dns = pair[0];
  shim.server = server_open(directory);
  inner = pair[1];
  address.sun_family = AF_UNIX;
  snprintf(address.sun_path, sizeof address.sun_path, "%s/shim.sock", directory);
  for (; rounds < rounds_max && (rounds % 256 || time(NULL) < end); rounds++) {
    size_t which = chance(seed_count);
    input_length = seeds[which].length < sizeof input ? seeds[which].length : sizeof input;
    memcpy(input, seeds[which].bytes, input_length);
    if (rounds >= seed_count) mutate();
    if (seeds[which].request || !chance(50)) try_request();
    if (!seeds[which].request || !chance(4)) try_spec();
    if (rounds == 1000) baseline = open_descriptors();
    if (rounds % 100000 == 50000) {
      check(open_descriptors() == baseline, "no descriptor is kept");
      check(!__lsan_do_recoverable_leak_check(), "no memory is kept");
    }
  }
  check(rounds <= 1000 || open_descriptors() == baseline, "no descriptor is kept");
  unlink(address.sun_path);
  rmdir(directory);
  printf("{\"rounds\":%llu,\"accepted\":%llu,\"refused\":%llu,\"requests\":%llu}\n", rounds, accepted, refusals, answered);
  for (size_t i = 0; i < seed_count; i++) free(seeds[i].bytes);
  return 0;
}
