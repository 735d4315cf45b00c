// What Glibc's module does not give Swift 6: variadic calls, calls behind feature macros, and globals that would import as shared mutable state.
//
// _GNU_SOURCE is not defined here: it would change glibc's structures, and they have to be those of Swift's own Glibc module. What it would
// reveal is declared below instead.
#ifndef COMMONSGUARD_CSYSTEM_SHIM_H
#define COMMONSGUARD_CSYSTEM_SHIM_H
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
extern int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until);
extern int close_range(unsigned int first, unsigned int last, int flags);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

#ifndef F_SETPIPE_SZ
#define F_SETPIPE_SZ 1031
#endif

static inline int commonsguard_set_parent_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, (unsigned long)signal, 0, 0, 0); }
// Fixed thresholds: by default glibc raises them to the largest block that was freed, and then keeps up to 64 MiB for ever.
static inline int commonsguard_give_back_freed_memory(void) { return mallopt(M_MMAP_THRESHOLD, 128 << 10) & mallopt(M_TRIM_THRESHOLD, 256 << 10); }
static inline int commonsguard_set_pipe_size(int descriptor, int bytes) { return fcntl(descriptor, F_SETPIPE_SZ, bytes); }
static inline int commonsguard_set_flags(int descriptor, int flags) { return fcntl(descriptor, F_SETFL, flags); }
static inline int commonsguard_get_flags(int descriptor) { return fcntl(descriptor, F_GETFL); }
static inline int commonsguard_duplicate_above(int descriptor, int lowest) { return fcntl(descriptor, F_DUPFD_CLOEXEC, lowest); }
// What was written into a pipe and nobody has read; negative where that cannot be told.
static inline int commonsguard_unread_bytes(int descriptor) { int count = 0; return ioctl(descriptor, FIONREAD, &count) == 0 ? count : -1; }
// 0, or the error's number. Locks of the whole file that belong to the process, not to the descriptor: F_GETLK then names the holder, in our own numbers.
static inline int commonsguard_lock_file(int descriptor, short type) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET};
  return fcntl(descriptor, F_SETLK, &lock) == 0 ? 0 : errno;
}
// The process that holds a lock which keeps us from writing; 0 when it is in another PID namespace, -1 when nobody holds one.
static inline int commonsguard_lock_holder(int descriptor, long start, long length) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
  if (fcntl(descriptor, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return -1;
  return lock.l_pid > 0 ? lock.l_pid : 0;
}
static inline char *commonsguard_optarg(void) { return optarg; }
static inline int commonsguard_optind(void) { return optind; }
static inline int commonsguard_optopt(void) { return optopt; }
static inline void commonsguard_restart_getopt(void) { optind = 0; opterr = 0; }
static inline char **commonsguard_environ(void) { return environ; }
static inline int commonsguard_close_from(int lowest) { return close_range((unsigned)lowest, ~0U, 0); }
static inline int commonsguard_spawn_close_from(posix_spawn_file_actions_t *actions, int lowest) { return posix_spawn_file_actions_addclosefrom_np(actions, lowest); }
#endif
