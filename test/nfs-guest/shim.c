/*
 * Debian's linux.uml 6.1 needs three repairs, made from outside, in a library that is loaded before the C library:
 *
 * 1. It keeps a process's floating-point state in 2696 bytes. A processor with AMX has a larger state, and the host's
 *    kernel refuses to set it from so small a buffer: every process of the guest dies at once ("put_fp_registers" in
 *    the panic). So: read the whole state, lay UML's part over it, write that back.
 * 2. Its idle loop looks at the timer and then calls sigsuspend with SIGIO open all the while, so that a packet that
 *    arrives between the two waits for the next tick, 10 ms later. So: count the SIGIOs, do not sleep when one came
 *    since the last sleep, and keep SIGIO shut from the look at the timer to the sleep.
 * 3. It asks epoll (edge-triggered) what a SIGIO was for, but the tap device raises SIGIO a moment before it tells
 *    epoll: now and then the answer is "nothing", and the packet lies there until the next one, for TCP 200 ms later.
 *    So: have a timer raise SIGIO once more, 0.2 ms after the last one.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { GETREGSET = 0x4204, SETREGSET = 0x4205, NT_XSTATE = 0x202 };
long ptrace(int req, ...) {
  va_list ap;
  va_start(ap, req);
  pid_t pid = va_arg(ap, pid_t);
  void *addr = va_arg(ap, void *), *data = va_arg(ap, void *);
  va_end(ap);
  if (req == SETREGSET && (long)addr == NT_XSTATE) {
    static char all[65536] __attribute__((aligned(64)));
    struct iovec *part = data, whole = {all, sizeof all};
    if (syscall(SYS_ptrace, GETREGSET, pid, addr, &whole) == 0 && whole.iov_len > part->iov_len) {
      memcpy(all, part->iov_base, part->iov_len);
      return syscall(SYS_ptrace, req, pid, addr, &whole);
    }
  }
  if (req >= 1 && req <= 3) { /* PEEK*: the system call stores the word, the C function returns it */
    long word, r = syscall(SYS_ptrace, req, pid, addr, &word);
    if (r >= 0) { errno = 0; r = word; }
    return r;
  }
  return syscall(SYS_ptrace, req, pid, addr, data);
}

static volatile sig_atomic_t seen;
static void (*uml_sigio)(int, siginfo_t *, void *);
static void on_sigio(int s, siginfo_t *i, void *c) {
  static int again = -1;
  static const struct itimerspec soon = {.it_value = {.tv_nsec = 200000}};
  int keep = errno;
  seen = 1;
  if (again < 0) {
    struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGIO};
    syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, &again);
  }
  if (i->si_code != SI_TIMER) syscall(SYS_timer_settime, again, 0, &soon, 0);
  errno = keep;
  uml_sigio(s, i, c);
}
int sigaction(int sig, const struct sigaction *act, struct sigaction *old) {
  static int (*real)(int, const struct sigaction *, struct sigaction *);
  if (!real) real = dlsym(RTLD_NEXT, "sigaction");
  if (sig != SIGIO) return real(sig, act, old);
  void (*was)(int, siginfo_t *, void *) = uml_sigio;
  struct sigaction a;
  if (act && (act->sa_flags & SA_SIGINFO)) {
    a = *act;
    uml_sigio = act->sa_sigaction;
    a.sa_sigaction = on_sigio;
    act = &a;
  }
  int r = real(sig, act, old);
  if (old && old->sa_sigaction == on_sigio) old->sa_sigaction = was;
  return r;
}
/* UML's idle function blocks exactly {SIGALRM}, maybe sleeps, unblocks exactly {SIGALRM} */
static int only_alarm(const sigset_t *s) {
  return s && sigismember(s, SIGALRM) == 1 && sigismember(s, SIGIO) == 0 && sigismember(s, SIGWINCH) == 0;
}
int sigprocmask(int how, const sigset_t *set, sigset_t *old) {
  static int (*real)(int, const sigset_t *, sigset_t *);
  if (!real) real = dlsym(RTLD_NEXT, "sigprocmask");
  if ((how == SIG_BLOCK || how == SIG_UNBLOCK) && only_alarm(set)) {
    sigset_t both = *set;
    sigaddset(&both, SIGIO);
    return real(how, &both, old);
  }
  return real(how, set, old);
}
int sigsuspend(const sigset_t *mask) {
  static int (*real)(const sigset_t *);
  if (!real) real = dlsym(RTLD_NEXT, "sigsuspend");
  if (seen) { seen = 0; errno = EINTR; return -1; }
  return real(mask);
}
