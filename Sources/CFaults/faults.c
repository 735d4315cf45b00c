// SPDX-License-Identifier: AGPL-3.0-or-later
#define _GNU_SOURCE
#include "CFaults.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// EX_IOERR, as all commands end that cannot use the state.
enum { EXIT_STATE = 74, MAX_WATCHED = 8, MAX_PATH = 600, MAX_LINE = 2048 };

__thread int commonsguard_lmdb_depth = 0;

struct watched {
  atomic_int is_used;
  int directory;
  uint64_t device, data_inode, lock_inode;
  char path[MAX_PATH];
};
static struct watched watched[MAX_WATCHED];

int commonsguard_faults_watch(int directory, uint64_t device, uint64_t data_inode, uint64_t lock_inode, const char *path) {
  for (int slot = 0; slot < MAX_WATCHED; slot++) {
    int free = 0;
    // 2: being filled, and not yet to be read by the handler.
    if (!atomic_compare_exchange_strong(&watched[slot].is_used, &free, 2)) continue;
    watched[slot].directory = directory;
    watched[slot].device = device;
    watched[slot].data_inode = data_inode;
    watched[slot].lock_inode = lock_inode;
    size_t length = 0;
    // A control character in a path stays out of the terminal.
    for (; path[length] && length + 1 < MAX_PATH; length++) {
      unsigned char byte = (unsigned char)path[length];
      watched[slot].path[length] = byte < 0x20 || byte == 0x7f ? '?' : path[length];
    }
    watched[slot].path[length] = 0;
    atomic_store(&watched[slot].is_used, 1);
    return slot;
  }
  return -1;
}

void commonsguard_faults_unwatch(int slot) {
  if (slot >= 0 && slot < MAX_WATCHED) atomic_store(&watched[slot].is_used, 0);
}

// MARK: The process's mappings

struct mapping {
  uintptr_t start, end;
  uint64_t inode;
  char name[MAX_PATH];
  size_t name_length;
};

static int ends_with(const struct mapping *mapping, const char *tail) {
  size_t length = strlen(tail);
  return mapping->name_length >= length && memcmp(mapping->name + mapping->name_length - length, tail, length) == 0;
}

static int is_named(const struct mapping *mapping, const char *file, const char *deleted) {
  return ends_with(mapping, file) || ends_with(mapping, deleted);
}

static int is_data(const struct mapping *mapping) { return is_named(mapping, "/data.mdb", "/data.mdb (deleted)"); }
static int is_lock(const struct mapping *mapping) { return is_named(mapping, "/lock.mdb", "/lock.mdb (deleted)"); }

// Of a name that is too long the end is kept, which is what is compared.
static void append_name(struct mapping *mapping, char byte) {
  if (mapping->name_length == MAX_PATH) {
    memmove(mapping->name, mapping->name + MAX_PATH / 2, MAX_PATH / 2);
    mapping->name_length = MAX_PATH / 2;
  }
  mapping->name[mapping->name_length++] = byte;
}

static int hex(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  return -1;
}

// Reads /proc/self/maps, `start-end perms offset device inode   name`, until `visit` answers other than 0.
static int each_mapping(int (*visit)(const struct mapping *, void *), void *context) {
  int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  struct mapping mapping;
  memset(&mapping, 0, offsetof(struct mapping, name));
  mapping.name_length = 0;
  char buffer[4096];
  int field = 0, answer = 0, in_gap = 0;
  ssize_t count;
  while (!answer && ((count = read(file, buffer, sizeof buffer)) > 0 || (count < 0 && errno == EINTR))) {
    for (ssize_t index = 0; index < count && !answer; index++) {
      char byte = buffer[index];
      if (byte == '\n') {
        answer = visit(&mapping, context);
        mapping.start = mapping.end = 0;
        mapping.inode = 0;
        mapping.name_length = 0;
        field = in_gap = 0;
      } else if (field == 6) {
        if (byte != ' ' || mapping.name_length > 0) append_name(&mapping, byte);
      } else if (byte == ' ' || (field == 0 && byte == '-')) {
        if (!in_gap) field++;
        in_gap = byte == ' ';
      } else {
        in_gap = 0;
        if (field == 0) mapping.start = mapping.start << 4 | (uintptr_t)(hex(byte) & 15);
        if (field == 1) mapping.end = mapping.end << 4 | (uintptr_t)(hex(byte) & 15);
        if (field == 5 && byte >= '0' && byte <= '9') mapping.inode = mapping.inode * 10 + (uint64_t)(byte - '0');
      }
    }
  }
  close(file);
  return answer;
}

struct wanted {
  uint64_t inode;
  int count;
  uintptr_t start, end;
};

static int match_inode(const struct mapping *mapping, void *context) {
  struct wanted *wanted = context;
  if (!is_data(mapping)) return 0;
  // Some file systems (overlays) show another inode here than stat does: then the name has to do, where it is the only one.
  int is_it = mapping->inode == wanted->inode;
  wanted->count++;
  if (is_it || wanted->count == 1) {
    wanted->start = mapping->start;
    wanted->end = mapping->end;
  }
  return is_it;
}

int commonsguard_find_map(uint64_t inode, uintptr_t *start, uintptr_t *end) {
  struct wanted wanted = {.inode = inode, .count = 0};
  if (!each_mapping(match_inode, &wanted) && wanted.count != 1) return 0;
  *start = wanted.start;
  *end = wanted.end;
  return 1;
}

struct address {
  uintptr_t address;
  struct mapping found;
};

static int match_address(const struct mapping *mapping, void *context) {
  struct address *wanted = context;
  if (wanted->address < mapping->start || wanted->address >= mapping->end) return 0;
  wanted->found = *mapping;
  return 1;
}

// MARK: The last words

struct line {
  char bytes[MAX_LINE];
  size_t count;
};

static void add(struct line *line, const char *text) {
  for (; *text && line->count < MAX_LINE; text++) line->bytes[line->count++] = *text;
}

static void add_bytes(struct line *line, const char *bytes, size_t count) {
  for (size_t index = 0; index < count && line->count < MAX_LINE; index++) {
    unsigned char byte = (unsigned char)bytes[index];
    line->bytes[line->count++] = byte < 0x20 || byte == 0x7f ? '?' : bytes[index];
  }
}

static void add_number(struct line *line, uint64_t number) {
  char digits[20];
  int count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while (number /= 10);
  while (count > 0 && line->count < MAX_LINE) line->bytes[line->count++] = digits[--count];
}

static void write_all(int file, const struct line *line) {
  size_t written = 0;
  while (written < line->count) {
    ssize_t count = write(file, line->bytes + written, line->count - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    written += (size_t)count;
  }
}

static const char *name_of(int signal) {
  switch (signal) {
    case SIGBUS: return "SIGBUS";
    case SIGSEGV: return "SIGSEGV";
    default: return "SIGABRT";
  }
}

static _Noreturn void end_damaged(const struct watched *state, int signal, const char *why, size_t why_length) {
  int mark = openat(state->directory, COMMONSGUARD_FAULT_MARK, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
  int is_marked = mark >= 0;
  if (is_marked) {
    // Root's mark must be one that the state's owner can look at and remove.
    struct stat status;
    if (geteuid() == 0 && fstatat(state->directory, "data.mdb", &status, 0) == 0 && fchown(mark, status.st_uid, status.st_gid) != 0) errno = 0;
    struct line content = {.count = 0};
    add(&content, name_of(signal));
    add(&content, " ");
    add_number(&content, state->device);
    add(&content, " ");
    add_number(&content, state->data_inode);
    add(&content, "\n");
    write_all(mark, &content);
    close(mark);
  }
  struct line line = {.count = 0};
  add(&line, "commonsguard: error: the state in ");
  add(&line, state->path);
  add(&line, " is damaged, or its disk fails: ");
  add(&line, name_of(signal));
  add(&line, " while it was read");
  if (why_length > 0) {
    add(&line, " (");
    add_bytes(&line, why, why_length > 300 ? 300 : why_length);
    add(&line, ")");
  }
  add(&line, "; move a backup into its place, or `commonsguard rebuild` a new state from an export");
  if (is_marked) {
    add(&line, "; until then nothing opens it: to try it all the same, remove ");
    add(&line, state->path);
    add(&line, "/" COMMONSGUARD_FAULT_MARK);
  }
  add(&line, " (state.damaged)\n");
  write_all(STDERR_FILENO, &line);
  _exit(EXIT_STATE);
}

static _Noreturn void end_cut(const struct mapping *mapping) {
  struct line line = {.count = 0};
  add(&line, "commonsguard: error: ");
  add_bytes(&line, mapping->name, mapping->name_length);
  add(&line, " was cut, or cannot be read, while it was in use (SIGBUS): start again (state.file-cut)\n");
  write_all(STDERR_FILENO, &line);
  _exit(EXIT_STATE);
}

// The environment of that inode; where no inode fits, the only one that is open.
static const struct watched *find_state(uint64_t inode, int of_lock) {
  const struct watched *only = NULL;
  int count = 0;
  for (int slot = 0; slot < MAX_WATCHED; slot++) {
    if (atomic_load(&watched[slot].is_used) != 1) continue;
    if (inode != 0 && (of_lock ? watched[slot].lock_inode : watched[slot].data_inode) == inode) return &watched[slot];
    only = &watched[slot];
    count++;
  }
  return count == 1 ? only : NULL;
}

static void on_fault(int signal, siginfo_t *information, void *context) {
  (void)context;
  // A second fault in here, or one that is not the state's, ends the process as if there were no handler: the instruction runs again.
  struct sigaction usual = {.sa_handler = SIG_DFL};
  sigaction(signal, &usual, NULL);
  int is_inside = commonsguard_lmdb_depth > 0;
  if (signal == SIGABRT) {
    // abort(), called by LMDB or by the allocator below it; not what another process sent.
    if (is_inside && information->si_code == SI_TKILL && information->si_pid == getpid()) {
      const struct watched *state = find_state(0, 0);
      if (state) end_damaged(state, signal, "", 0);
    }
    raise(signal);
    return;
  }
  int is_ours = information->si_code > 0 && !(signal == SIGBUS && information->si_code == BUS_MCEERR_AR);
  if (!is_ours) {
    // Somebody sent it, and no instruction will run into it again; or the machine's memory is broken.
    raise(signal);
    return;
  }
  struct address wanted = {.address = (uintptr_t)information->si_addr};
  int is_mapped = each_mapping(match_address, &wanted);
  if (is_mapped && is_data(&wanted.found)) {
    const struct watched *state = find_state(wanted.found.inode, 0);
    if (state) end_damaged(state, signal, "", 0);
  } else if (is_mapped && signal == SIGBUS && wanted.found.name_length > 0 && wanted.found.name[0] == '/') {
    // lock.mdb, a counter file, the program's own file: nothing is lost with it.
    end_cut(&wanted.found);
  } else if (is_inside && !(is_mapped && is_lock(&wanted.found))) {
    const struct watched *state = find_state(0, 0);
    if (state) end_damaged(state, signal, "", 0);
  }
}

void commonsguard_lmdb_asserted(struct MDB_env *environment, const char *message) {
  (void)environment;
  const struct watched *state = find_state(0, 0);
  if (state) end_damaged(state, SIGABRT, message, strlen(message));
}

void commonsguard_faults_install(void) {
  // A stack of its own, for faults of a stack that overflows; only the main thread has it, others use their own stack.
  static char stack[64 << 10];
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack, .ss_flags = 0};
  sigaltstack(&alternate, NULL);
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, NULL);
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGABRT, &action, NULL);
}
