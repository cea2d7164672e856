/* A terminal for tests: `pty COLUMNS ROWS COMMAND…` runs COMMAND on a pty of its own as a terminal emulator would, with our
   stdin as the keyboard and our stdout as the screen. SIGUSR1 makes the window 132 by 43; SIGUSR2 closes it.
   Ends with the command's exit code. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int window, screen;
static void grow(int number) { ioctl(window, TIOCSWINSZ, &(struct winsize){.ws_col = 132, .ws_row = 43}); }
static void shut(int number) {
  close(screen);
  close(window);
  window = -1;
}

static int copy(int from, int to) {
  char chunk[4096];
  ssize_t n = read(from, chunk, sizeof chunk);
  for (ssize_t at = 0, w; at < n; at += w)
    if ((w = write(to, chunk + at, n - at)) <= 0) return 0;
  return n > 0 || (n < 0 && errno == EINTR);
}

int main(int argc, char **argv) {
  int status, keyboard = 0;
  window = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  grantpt(window);
  unlockpt(window);
  screen = open(ptsname(window), O_RDWR | O_NOCTTY | O_CLOEXEC);
  ioctl(window, TIOCSWINSZ, &(struct winsize){.ws_col = atoi(argv[1]), .ws_row = atoi(argv[2])});
  signal(SIGUSR1, grow);
  signal(SIGUSR2, shut);
  signal(SIGPIPE, SIG_IGN);
  pid_t child = fork();
  if (child == 0) {
    setsid();
    ioctl(screen, TIOCSCTTY, 0);
    for (int fd = 0; fd < 3; fd++) dup2(screen, fd);
    execvp(argv[3], argv + 3);
    _exit(201);
  }
  while (window >= 0) {
    struct pollfd fds[2] = {{window, POLLIN, 0}, {keyboard, POLLIN, 0}};
    int ready = poll(fds, 2, 20);
    if (fds[0].revents && ready > 0 && window >= 0 && !copy(window, 1)) break;
    if (fds[1].revents && ready > 0 && window >= 0 && !copy(0, window)) keyboard = -1;
    siginfo_t info = {0};
    if (ready == 0 && !waitid(P_PID, child, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid) break;
  }
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
