/* Runs the filter's program for every call number and many arguments, beside the rule of that call alone: the tree, with its
   shared leaves and its long jumps, must say of each call what its rule says, and allow every other. */
#include "../src/launch/seccomp.c"
#include <stdarg.h>
#include <stdio.h>

void die(const char *layer, const char *format, ...) {
  va_list list;
  va_start(list, format);
  fprintf(stderr, "%s: ", layer);
  vfprintf(stderr, format, list);
  va_end(list);
  exit(1);
}
void die_errno(const char *layer, const char *what) { die(layer, "%s", what); }

static uint32_t run(const struct sock_filter *code, const struct seccomp_data *data) {
  uint32_t a = 0;
  for (unsigned at = 0;;) {
    struct sock_filter f = code[at++];
    switch (f.code) {
    case BPF_LD | BPF_W | BPF_ABS: memcpy(&a, (const char *)data + f.k, sizeof a); break;
    case BPF_ALU | BPF_AND | BPF_K: a &= f.k; break;
    case BPF_JMP | BPF_JA: at += f.k; break;
    case BPF_JMP | BPF_JEQ | BPF_K: at += a == f.k ? f.jt : f.jf; break;
    case BPF_JMP | BPF_JGE | BPF_K: at += a >= f.k ? f.jt : f.jf; break;
    case BPF_JMP | BPF_JGT | BPF_K: at += a > f.k ? f.jt : f.jf; break;
    case BPF_JMP | BPF_JSET | BPF_K: at += a & f.k ? f.jt : f.jf; break;
    case BPF_RET | BPF_K: return f.k;
    default: die("filter", "an instruction %#x that nobody wrote", f.code);
    }
  }
}

static struct sock_filter whole[PROGRAM_MAX], alone[PROGRAM_MAX];

/* What this call's rule says by itself, in `alone`. */
static void rule_alone(const struct rule *rules, size_t count, int nr) {
  length = 0;
  size_t i = 0;
  while (i < count && rules[i].nr != nr) i++;
  if (nr < 0 || nr > LAST_KNOWN_CALL) refuse(ENOSYS);
  else if (i == count) give(SECCOMP_RET_ALLOW);
  else body(&rules[i]);
  memcpy(alone, program, sizeof alone);
}

static const uint64_t values[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 16, 17, 0x22, 35, 36, 0x40, 0x80, 0x802, 0x812, 0x5412, 0x541c, 0x8000,
                                  06000, 020000000, 0x02000000, 0x20000000, 0x7e020000, 0xffffffff, 0x100005412};
#define VALUES (sizeof values / sizeof values[0])

int main(void) {
  unsigned long compared = 0;
  for (int profile = 0; profile < 4; profile++) {
    static struct spec spec;
    struct rule rules[RULE_COUNT + 2];
    spec.nested = profile & 1;
    spec.no_exec = profile & 2;
    size_t count = rules_of(&spec, rules);
    seccomp_prepare(&spec);
    memcpy(whole, program, sizeof whole);
    for (int nr = 0; nr < LAST_KNOWN_CALL + 100; nr++) {
      rule_alone(rules, count, nr);
      for (size_t i = 0; i < VALUES * VALUES * 4; i++, compared++) {
        uint64_t one = values[i % VALUES], two = values[i / VALUES % VALUES];
        struct seccomp_data data = {.nr = nr, .arch = NATIVE_ARCH, .args = {one, two, two, two}};
        data.args[i / VALUES / VALUES] = one;
        uint32_t said = run(whole, &data), due = run(alone, &data);
        if (said != due) die("filter", "call %d, profile %d: %#x where its rule says %#x", nr, profile, said, due);
      }
    }
    struct seccomp_data foreign = {.nr = 1, .arch = NATIVE_ARCH ^ 1};
    if (run(whole, &foreign) != SECCOMP_RET_KILL_PROCESS) die("filter", "a foreign calling convention is not killed");
  }
  printf("%lu\n", compared);
  return 0;
}
