/* The host's side of one exec'd command: makes the pipes, passes their ends to the shim, copies what comes out.
   The command never holds a descriptor of the host but these two pipes; killing this process kills the command. */
#include "creel.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REQUEST_FD 3
#define REPORT_FD 4

static void copy(int *from, int to) {
  static char chunk[65536];
  ssize_t n = read(*from, chunk, sizeof chunk), at = 0;
  if (n < 0 && errno == EINTR) return;
  if (n <= 0) {
    close(*from);
    *from = -1;
    return;
  }
  while (at < n) {
    ssize_t written = write(to, chunk + at, (size_t)(n - at));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) exit(1);
    at += written;
  }
}

/* Leftover children of the command may hold the pipes open for ever; after its own end we wait only this long. */
#define AFTER_EXIT_MS 200

int exec_main(const char *run_dir) {
  static struct items items;
  uint8_t *body;
  int out[2], err[2], none = 0;
  ssize_t n = frame_receive(REQUEST_FD, &body, NULL, &none);
  if (n <= 0 || !frame_split(body, (size_t)n, &items)) die("exec", "unreadable request");
  int shim = shim_connect(run_dir);
  if (shim < 0) die("exec", "no sandbox runs in %s", run_dir);
  if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) die_errno("exec", "pipe");
  struct frame f;
  frame_start(&f);
  for (size_t i = 0; i < items.count; i++) frame_text(&f, items.at[i]);
  if (frame_send(shim, &f, (int[]){out[1], err[1]}, 2)) die_errno("exec", "asking the shim");
  close(out[1]);
  close(err[1]);
  bool over = false;
  while (!over || out[0] >= 0 || err[0] >= 0) {
    struct pollfd fds[3] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}, {over ? -1 : shim, POLLIN, 0}};
    int ready = poll(fds, 3, over ? AFTER_EXIT_MS : -1);
    if (ready == 0) return 0;
    if (fds[0].revents) copy(&out[0], 1);
    if (fds[1].revents) copy(&err[0], 2);
    if (!fds[2].revents) continue;
    n = frame_receive(shim, &body, NULL, &none);
    if (n <= 0 || !frame_split(body, (size_t)n, &items)) die("exec", "the sandbox ended");
    if (!strcmp(items.at[0], "started")) continue;
    send_words(REPORT_FD, NULL, 0, items.at[0], items.at[1], NULL);
    over = true;
  }
  return 0;
}
