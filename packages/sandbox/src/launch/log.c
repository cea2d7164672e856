/* The sandbox's output, written by the shim alone: the agent holds a pipe, never the file.
   `log` is the current piece, `log.1` the one before, `log.offset` how many bytes came before `log`. Together they stay
   under the cap, so an agent cannot fill the disk, nor rewrite what it said. */
#include "creel.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_BYTES_MAX 512

static int log_fd = -1;
static long long base, size, piece_max;
static char directory[PATH_BYTES_MAX];

long long now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

static void path_of(char out[PATH_BYTES_MAX + 32], const char *name) { snprintf(out, PATH_BYTES_MAX + 32, "%s/%s", directory, name); }

static void fresh_name(char out[32], const char *name) { snprintf(out, 32, ".%.20s.new", name); }

static bool write_beside(const char *name, const char *text) {
  char fresh[PATH_BYTES_MAX + 32], beside[32];
  fresh_name(beside, name);
  path_of(fresh, beside);
  int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return false;
  bool ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
  close(fd);
  return ok;
}

static void put_in_place(const char *name) {
  char path[PATH_BYTES_MAX + 32], fresh[PATH_BYTES_MAX + 32], beside[32];
  fresh_name(beside, name);
  path_of(path, name);
  path_of(fresh, beside);
  rename(fresh, path);
}

/* Whole or not at all: a reader never sees half a file. */
static void replace_file(const char *name, const char *text) {
  if (write_beside(name, text)) put_in_place(name);
}

static void open_piece(void) {
  char path[PATH_BYTES_MAX + 32];
  struct stat st;
  path_of(path, "log");
  log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  size = log_fd >= 0 && !fstat(log_fd, &st) ? st.st_size : 0;
}

void log_open(const struct spec *spec) {
  char path[PATH_BYTES_MAX + 32], text[32] = "0";
  snprintf(directory, sizeof directory, "%s", spec->state_dir);
  piece_max = (long long)(spec->log_bytes / 2);
  path_of(path, "exit.json");
  unlink(path);
  if (spec->foreground) return;
  path_of(path, "log.offset");
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd >= 0) {
    ssize_t n = read(fd, text, sizeof text - 1);
    text[n > 0 ? n : 0] = 0;
    close(fd);
  }
  base = atoll(text);
  open_piece();
  if (log_fd < 0) die("log", "cannot open %s/log: %s", directory, strerror(errno));
  if (base == 0) replace_file("log.offset", "0");
}

static void rotate(void) {
  char from[PATH_BYTES_MAX + 32], to[PATH_BYTES_MAX + 32], text[32];
  path_of(from, "log");
  path_of(to, "log.1");
  close(log_fd);
  base += size;
  rename(from, to);
  snprintf(text, sizeof text, "%lld", base);
  replace_file("log.offset", text);
  open_piece();
}

/* In pieces no longer than the cap allows, whatever size the pipe delivered. */
void log_write(const void *data, size_t length) {
  const char *at = data;
  while (log_fd >= 0 && length > 0) {
    if (size >= piece_max) rotate();
    long long room = piece_max - size;
    size_t want = (long long)length < room ? length : (size_t)room;
    ssize_t n = write(log_fd, at, want);
    if (n <= 0) return;
    size += n;
    at += n;
    length -= (size_t)n;
  }
}

long long log_total(void) { return base + size; }

static void exit_text(char text[EXIT_BYTES_MAX], const struct shim *shim) {
  char code[16] = "null", number[16] = "null", refused[24] = "null";
  bool stopped = shim->kill_at_ms || shim->end_cause[0];
  const char *cause = shim->end_cause[0] ? shim->end_cause : shim->kill_at_ms ? shim->stop_cause :
                      !shim->exited ? "lost" : WIFSIGNALED(shim->wait_status) ? "signal" : "exit";
  if (shim->exited && WIFEXITED(shim->wait_status)) snprintf(code, sizeof code, "%d", WEXITSTATUS(shim->wait_status));
  if (shim->exited && WIFSIGNALED(shim->wait_status)) snprintf(number, sizeof number, "%d", WTERMSIG(shim->wait_status));
  if (shim->refused_forks >= 0) snprintf(refused, sizeof refused, "%lld", shim->refused_forks);
  snprintf(text, EXIT_BYTES_MAX, "{\"exitCode\":%s,\"signal\":%s,\"reason\":\"%s\",\"startedMs\":%lld,\"endedMs\":%lld,"
           "\"cause\":\"%s\",\"limit\":%llu,\"used\":%llu,\"unit\":\"%s\",\"refusedForks\":%s}\n", code, number,
           !shim->exited ? "lost" : stopped ? "stopped" : "exited", shim->started_ms, shim->ended_ms, cause, shim->end_limit, shim->end_used,
           !strcmp(cause, "workspace") && shim->end_limit == shim->spec->workspace_files ? "files" : "bytes", refused);
}

static char drafted[EXIT_BYTES_MAX];

/* Written while the sandbox's last processes end, put in place when they have. */
void exit_draft(const struct shim *shim) {
  exit_text(drafted, shim);
  if (!write_beside("exit.json", drafted)) drafted[0] = 0;
}

void exit_record(const struct shim *shim) {
  char text[EXIT_BYTES_MAX];
  exit_text(text, shim);
  if (strcmp(text, drafted)) replace_file("exit.json", text);
  else put_in_place("exit.json");
}
