/* Turns a spec frame into a struct. TypeScript has checked every field with a message for people; this checks again
   what the launcher itself relies on (absolute paths, bounds), because it is the side with the privileges. */
#include "creel.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *absolute(const char *path) {
  if (path[0] != '/' || strlen(path) >= PATH_BYTES_MAX) die("spec", "not an absolute path: %.200s", path);
  for (const char *p = path; (p = strstr(p, "/..")); p += 3)
    if (p[3] == 0 || p[3] == '/') die("spec", "path climbs with ..: %.200s", path);
  return path;
}

static unsigned long long number(const char *text) {
  char *end;
  errno = 0;
  unsigned long long value = strtoull(text, &end, 0);
  if (errno || *end || end == text) die("spec", "not a number: %.60s", text);
  return value;
}

static struct op *add_op(struct spec *spec, enum op_kind kind, const char *target) {
  if (spec->op_count == ROOT_OPS_MAX) die("spec", "more than %d entries for the root", ROOT_OPS_MAX);
  struct op *op = &spec->ops[spec->op_count++];
  memset(op, 0, sizeof *op);
  op->kind = kind;
  op->target = absolute(target);
  op->tree = -1;
  return op;
}

static void add_word(char **list, int *count, const char *word, const char *what) {
  if (*count == SPEC_LIST_MAX) die("spec", "more than %d %s", SPEC_LIST_MAX, what);
  list[(*count)++] = (char *)word;
}

static void set_limit(struct spec *spec, const char *name, const char *value) {
  unsigned long long n = number(value);
  if (!strcmp(name, "processes")) spec->processes = n;
  else if (!strcmp(name, "openFiles")) spec->open_files = n;
  else if (!strcmp(name, "fileBytes")) spec->file_bytes = n;
  else if (!strcmp(name, "memoryBytes")) spec->memory_bytes = n;
  else if (!strcmp(name, "logBytes")) spec->log_bytes = n;
  else if (!strcmp(name, "cpuMilli")) spec->cpu_milli = n;
  else if (!strcmp(name, "tmpBytes")) spec->tmp_bytes = n;
  else if (!strcmp(name, "workspaceBytes")) spec->workspace_bytes = n;
  else if (!strcmp(name, "workspaceFiles")) spec->workspace_files = n;
  else die("spec", "unknown limit: %.60s", name);
}

static void add_mount(struct spec *spec, const char *flags, const char *source, const char *target) {
  struct op *op = add_op(spec, OP_MOUNT, target);
  op->source = absolute(source);
  op->read_only = strstr(flags, "ro") != NULL;
  op->no_exec = strstr(flags, "noexec") != NULL;
}

static unsigned short cells(const char *text) {
  unsigned long long n = number(text);
  if (n == 0 || n > UINT16_MAX) die("spec", "not the size of a terminal: %.60s", text);
  return (unsigned short)n;
}

static void add_protect(struct spec *spec, const char **v) {
  if (spec->protect_count == PROTECT_MAX) die("spec", "more than %d protected names", PROTECT_MAX);
  for (const char *at = v[2]; *at; at += strcspn(at, "/"), at += *at == '/')
    if (*at == '/' || !strncmp(at, "./", 2) || !strcmp(at, ".") || !strncmp(at, "../", 3) || !strcmp(at, "..")) die("spec", "not a name in the workspace: %.200s", v[2]);
  if (!*v[2] || strlen(v[2]) >= PATH_BYTES_MAX) die("spec", "a protected name is empty or too long");
  spec->protect[spec->protect_count++] = (struct protect){absolute(v[0]), absolute(v[1]), v[2]};
}

static size_t arity(const char *key) {
  static const struct { const char *key; size_t arity; } table[] = {
    {"id", 1}, {"runDir", 1}, {"stateDir", 1}, {"hostname", 1}, {"cwd", 1}, {"arg", 1}, {"env", 1}, {"mount", 3},
    {"tmpfs", 3}, {"dir", 2}, {"symlink", 2}, {"file", 3}, {"dev", 1}, {"proc", 1}, {"pts", 1}, {"landlock", 1},
    {"readOnly", 1}, {"readWrite", 1}, {"alias", 1}, {"limit", 2}, {"terminal", 2},
    {"copy", 2}, {"noexec", 0}, {"nested", 0}, {"countForks", 0}, {"protect", 3}, {"protected", 0},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    if (!strcmp(key, table[i].key)) return table[i].arity;
  die("spec", "unknown field: %.60s", key);
}

static void apply(struct spec *spec, const char *key, const char **v) {
  struct op *op;
  if (!strcmp(key, "id")) spec->id = v[0];
  else if (!strcmp(key, "runDir")) spec->run_dir = absolute(v[0]);
  else if (!strcmp(key, "stateDir")) spec->state_dir = absolute(v[0]);
  else if (!strcmp(key, "hostname")) spec->hostname = v[0];
  else if (!strcmp(key, "cwd")) spec->cwd = absolute(v[0]);
  else if (!strcmp(key, "arg")) add_word(spec->argv, &spec->argc, v[0], "arguments");
  else if (!strcmp(key, "env")) add_word(spec->env, &spec->envc, v[0], "environment entries");
  else if (!strcmp(key, "mount")) add_mount(spec, v[0], v[1], v[2]);
  else if (!strcmp(key, "tmpfs")) {
    op = add_op(spec, OP_TMPFS, v[0]);
    op->size = number(v[1]);
    op->mode = (unsigned)number(v[2]);
  } else if (!strcmp(key, "dir")) add_op(spec, OP_DIR, v[0])->mode = (unsigned)number(v[1]);
  else if (!strcmp(key, "symlink")) add_op(spec, OP_SYMLINK, v[1])->source = v[0];
  else if (!strcmp(key, "file")) {
    op = add_op(spec, OP_FILE, v[0]);
    op->mode = (unsigned)number(v[1]);
    op->content = v[2];
  } else if (!strcmp(key, "dev")) {
    op = add_op(spec, OP_DEV, v[0]);
    op->source = op->target;
  } else if (!strcmp(key, "proc")) add_op(spec, OP_PROC, v[0]);
  else if (!strcmp(key, "pts")) add_op(spec, OP_PTS, v[0]);
  else if (!strcmp(key, "landlock")) spec->landlock_hard = !strcmp(v[0], "hard_requirement");
  else if (!strcmp(key, "readOnly")) add_word((char **)spec->read_only, &spec->read_only_count, absolute(v[0]), "paths");
  else if (!strcmp(key, "readWrite")) add_word((char **)spec->read_write, &spec->read_write_count, absolute(v[0]), "paths");
  else if (!strcmp(key, "alias")) add_word((char **)spec->aliases, &spec->alias_count, absolute(v[0]), "paths");
  else if (!strcmp(key, "limit")) set_limit(spec, v[0], v[1]);
  else if (!strcmp(key, "noexec")) spec->no_exec = true;
  else if (!strcmp(key, "nested")) spec->nested = true;
  else if (!strcmp(key, "countForks")) spec->count_forks = true;
  else if (!strcmp(key, "protect")) add_protect(spec, v);
  else if (!strcmp(key, "protected")) add_op(spec, OP_PROTECT, "/");
  else if (!strcmp(key, "terminal")) {
    spec->terminal = true;
    spec->columns = cells(v[0]);
    spec->rows = cells(v[1]);
  }
}

void command_parse(struct spec *spec, struct items *items, size_t from) {
  for (size_t i = from; i < items->count;) {
    size_t n = arity(items->at[i]);
    if (items->count - i - 1 < n) die("spec", "field %s ends early", items->at[i]);
    apply(spec, items->at[i], &items->at[i + 1]);
    i += n + 1;
  }
}

void spec_parse(struct spec *spec, struct items *items) {
  memset(spec, 0, sizeof *spec);
  if (strcmp(items->at[0], "creel-spec-1")) die("spec", "the spec is not in the format of this launcher; rebuild creel-launch");
  command_parse(spec, items, 1);
  if (!spec->id || !spec->run_dir || !spec->state_dir || !spec->cwd || !spec->hostname) die("spec", "a required field is missing");
  if (spec->argc == 0) die("spec", "no command");
  if (spec->count_forks && !spec->processes) die("spec", "forks are counted at a limit of processes, and there is none");
  spec->root_launcher = geteuid() == 0;
  spec->host_uid = geteuid() ? geteuid() : UNPRIVILEGED_HOST_ID;
  spec->host_gid = geteuid() ? getegid() : UNPRIVILEGED_HOST_ID;
}
