/* creel-launch: `start` and `run` read a spec on descriptor 3 and report there; `relay`, `exec` serve a running sandbox;
   `probe` tries the layers of this host. Nothing secret ever stands in the arguments. */
#include "creel.h"
#include "kernel.h"
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define SPEC_FD 3   /* a socket: what is wrong with the spec, or who started, goes back on it */
#define STATUS_FD 4 /* of `relay` and `exec` */
#define FAILED 125

int status_fd = STATUS_FD;
void (*at_death)(void);

void fail(void) {
  if (at_death) at_death();
  _exit(FAILED);
}

void die(const char *layer, const char *format, ...) {
  char message[1024];
  va_list list;
  va_start(list, format);
  vsnprintf(message, sizeof message, format, list);
  va_end(list);
  send_words(status_fd, NULL, 0, "error", layer, message, NULL);
  fail();
}

void die_errno(const char *layer, const char *what) { die(layer, "%s: %s", what, strerror(errno)); }

static int launch(bool foreground) {
  static struct items items;
  static struct spec spec;
  uint8_t *body;
  pid_t parent = getppid();
  status_fd = SPEC_FD;
  ssize_t n = frame_receive(SPEC_FD, &body, NULL, NULL);
  if (n <= 0 || !frame_split(body, (size_t)n, &items)) die("spec", "unreadable spec");
  spec_parse(&spec, &items);
  spec.foreground = foreground;
  spec.caller = parent;
  if (spec.terminal && !foreground) die("spec", "a terminal needs a sandbox in the foreground");
  sys_close_from(SPEC_FD + 1);
  umask(077);
  if (foreground) {
    /* The caller's death is ours, and ours is the sandbox's; we live just long enough to put back what we changed. */
    prctl(PR_SET_PDEATHSIG, SIGHUP);
    if (getppid() != parent) return FAILED;
    return shim_main(&spec);
  }
  pid_t pid = fork();
  if (pid < 0) die_errno("init", "fork");
  if (pid > 0) return 0;
  setsid();
  return shim_main(&spec);
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  if (argc == 2 && !strcmp(argv[1], "start")) return launch(false);
  if (argc == 2 && !strcmp(argv[1], "run")) return launch(true);
  if (argc == 3 && !strcmp(argv[1], "relay")) return relay_main(argv[2]);
  if (argc == 3 && !strcmp(argv[1], "exec")) return exec_main(argv[2]);
  if (argc == 2 && !strcmp(argv[1], "probe")) return probe_main();
  if (argc == 4 && !strcmp(argv[1], "knock")) return knock_main(argv[2], argv[3]);
  fputs("usage: creel-launch start|run|probe, or relay|exec RUN_DIR; normally started by @creel/sandbox\n", stderr);
  return 2;
}
