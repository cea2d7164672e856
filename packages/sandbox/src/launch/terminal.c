/* The agent's terminal: a pty of the sandbox's own devpts instance, relayed by the shim to the caller's stdin and stdout.

   Threat: a program that holds the caller's terminal types commands into it for when the sandbox is gone, or leaves it in
   a mode that hides what the next program prints.
   Invariant: the agent holds only its own pty; the caller's terminal stays with the shim, is raw while the agent runs and
   is put back however it ends. Bytes pass unchanged both ways: what an escape sequence does is the caller's terminal's
   business, as with ssh. */
#include "creel.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif
/* What a pty takes at once; more would only wait here instead of in the caller's pipe. */
#define TO_AGENT_BYTES 4096
#define TO_CALLER_BYTES 65536
#define END_OF_INPUT 4 /* Ctrl-D, where the agent has set no other character */

struct flow { uint8_t bytes[TO_CALLER_BYTES]; size_t from, to; };
static struct { int master, peer, in, out; bool raw, line_open; struct termios before; } terminal = {-1, -1, -1, -1, false, false, {0}};
static struct flow to_agent, to_caller;

/* Inside, before any line of the agent's code: returns the pty's two ends. */
void terminal_make(const struct spec *spec, int ends[2]) {
  int unlocked = 0;
  struct winsize size = {.ws_col = spec->columns, .ws_row = spec->rows};
  ends[0] = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (ends[0] < 0 || ioctl(ends[0], TIOCSPTLCK, &unlocked)) die_errno("terminal", "opening a pty");
  ends[1] = ioctl(ends[0], TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (ends[1] < 0 || ioctl(ends[0], TIOCSWINSZ, &size)) die_errno("terminal", "the agent's end of the pty");
}

/* A descriptor of our own for the same file: non-blocking for us must not mean non-blocking for the caller's shell. A
   socket cannot be opened again, but a caller makes one for us alone. */
static int reopened(int fd, int flags) {
  char path[32];
  struct stat st;
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int own = open(path, flags | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (own >= 0) return own;
  own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (own >= 0 && !fstat(own, &st) && S_ISSOCK(st.st_mode)) fcntl(own, F_SETFL, O_NONBLOCK | flags);
  return own;
}

static void make_raw(void) {
  struct termios raw = terminal.before;
  cfmakeraw(&raw);
  /* In the background the terminal is another program's just now. */
  if (terminal.raw && tcgetpgrp(0) == getpgrp()) tcsetattr(0, TCSANOW, &raw);
}

/* Outside, once the agent runs: a launch that fails leaves the caller's terminal as it was. */
void terminal_start(int master, int peer) {
  terminal.master = master;
  terminal.peer = peer; /* held, so that an agent which closes its terminal and opens it again is not hung up */
  fcntl(master, F_SETFL, O_NONBLOCK);
  terminal.in = reopened(0, O_RDONLY);
  terminal.out = reopened(1, O_WRONLY);
  terminal.raw = !tcgetattr(0, &terminal.before);
  make_raw();
}

void terminal_resize(unsigned columns, unsigned rows) {
  struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
  if (terminal.master >= 0) ioctl(terminal.master, TIOCSWINSZ, &size);
}

/* Signals that speak of the caller's terminal; true when the agent must not see them as such. */
bool terminal_signal(int number) {
  struct winsize size;
  if (terminal.master < 0 || (number != SIGWINCH && number != SIGCONT)) return false;
  if (number == SIGCONT) make_raw();
  if (!ioctl(terminal.out, TIOCGWINSZ, &size)) terminal_resize(size.ws_col, size.ws_row);
  return number == SIGWINCH;
}

static void shut(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

/* The caller's terminal is gone: closing ours hangs up whatever runs on the agent's. */
static void hang_up(void) {
  shut(&terminal.peer);
  shut(&terminal.master);
  shut(&terminal.in);
}

static bool waiting(const struct flow *f) { return f->from < f->to; }

/* The end of the caller's input, said the way a terminal says it: twice when a line was begun, as a person would. */
static void end_input(void) {
  struct termios mode;
  uint8_t end = END_OF_INPUT;
  if (!tcgetattr(terminal.peer, &mode) && mode.c_cc[VEOF]) end = mode.c_cc[VEOF];
  to_agent.from = 0;
  to_agent.to = terminal.line_open ? 2 : 1;
  memset(to_agent.bytes, end, to_agent.to);
  shut(&terminal.in);
}

static void take_input(void) {
  ssize_t n = read(terminal.in, to_agent.bytes, TO_AGENT_BYTES);
  if (n > 0) {
    terminal.line_open = to_agent.bytes[n - 1] != '\n' && to_agent.bytes[n - 1] != '\r';
    to_agent.from = 0;
    to_agent.to = (size_t)n;
  } else if (n == 0 && !terminal.raw) end_input();
  else if (n == 0 || (errno != EINTR && errno != EAGAIN)) hang_up();
}

/* False when nothing more will ever come. */
static bool take_output(void) {
  ssize_t n = read(terminal.master, to_caller.bytes, TO_CALLER_BYTES);
  to_caller.from = 0;
  to_caller.to = n > 0 ? (size_t)n : 0;
  return n > 0 || (n < 0 && errno == EINTR);
}

static bool pass_on(struct flow *f, int fd) {
  ssize_t n = write(fd, f->bytes + f->from, f->to - f->from);
  if (n > 0) f->from += (size_t)n;
  return n >= 0 || errno == EINTR || errno == EAGAIN;
}

/* A descriptor is asked only for what could be done with it, so that a slow side waits and never spins. */
void terminal_poll(struct pollfd *fds) {
  short at_master = (short)((waiting(&to_caller) ? 0 : POLLIN) | (waiting(&to_agent) ? POLLOUT : 0));
  fds[0] = (struct pollfd){waiting(&to_agent) ? -1 : terminal.in, POLLIN, 0};
  fds[1] = (struct pollfd){at_master ? terminal.master : -1, at_master, 0};
  fds[2] = (struct pollfd){waiting(&to_caller) ? terminal.out : -1, POLLOUT, 0};
}

void terminal_serve(const struct pollfd *fds) {
  if (fds[0].revents) take_input();
  if (fds[1].revents & POLLIN && terminal.master >= 0) take_output();
  if (fds[1].revents & POLLOUT && terminal.master >= 0 && !pass_on(&to_agent, terminal.master)) to_agent.from = to_agent.to;
  if (fds[2].revents && !pass_on(&to_caller, terminal.out)) {
    to_caller.from = to_caller.to;
    shut(&terminal.out);
    hang_up();
  }
}

static bool told_to_end(int signals) {
  struct signalfd_siginfo info;
  while (read(signals, &info, sizeof info) == sizeof info)
    if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGHUP) return true;
  return false;
}

/* A caller who reads our output from a socket writes the last of it after we have: put back before that, the terminal would
   alter those bytes. The socket's end tells the caller that nothing more comes; its closing tells us that all is written. */
static void await_caller(int signals) {
  struct stat st;
  if (!terminal.raw || fstat(terminal.out, &st) || !S_ISSOCK(st.st_mode)) return;
  shutdown(terminal.out, SHUT_WR);
  for (;;) {
    /* No event is asked for: a closed socket says so unasked. */
    struct pollfd fds[2] = {{terminal.out, 0, 0}, {signals, POLLIN, 0}};
    if (poll(fds, 2, -1) < 0 && errno != EINTR) return;
    if (fds[0].revents || (fds[1].revents && told_to_end(signals))) return;
  }
}

/* After the last process inside is dead: what it wrote is still in the pty and is passed on whole, however slow the caller
   reads; a signal to us ends the waiting. Then the terminal is the caller's again. */
void terminal_finish(int signals) {
  bool whole = terminal.out >= 0;
  while (whole && terminal.master >= 0 && (waiting(&to_caller) || take_output())) {
    struct pollfd fds[2] = {{terminal.out, POLLOUT, 0}, {signals, POLLIN, 0}};
    whole = poll(fds, 2, -1) >= 0 || errno == EINTR;
    if ((fds[1].revents && told_to_end(signals)) || (fds[0].revents && !pass_on(&to_caller, terminal.out))) whole = false;
  }
  if (whole) await_caller(signals);
  if (terminal.raw) tcsetattr(0, TCSANOW, &terminal.before);
}
