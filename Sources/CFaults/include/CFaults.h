// SPDX-License-Identifier: AGPL-3.0-or-later
// What happens when the state's file makes the process fault. In C, since a signal handler may call only what is async-signal-safe, and
// Swift promises that of nothing.
//
// LMDB maps its file: a page that is cut away, cannot be read, or holds nonsense, is a SIGBUS, a SIGSEGV or a failed assertion. The handler
// then writes one line that names the state and the way out, leaves a mark beside it, and ends the process with status 74 (EX_IOERR).
// Whatever it does not know to be the state's (a fault elsewhere, a signal that somebody sent) ends the process as it would have without it.
#ifndef COMMONSGUARD_CFAULTS_H
#define COMMONSGUARD_CFAULTS_H
#include <stdint.h>

// The name of the mark in the state's directory. It holds the signal's name, then device and inode of the data.mdb that it speaks of.
#define COMMONSGUARD_FAULT_MARK "damaged"

// Takes SIGBUS, SIGSEGV and SIGABRT over. Once, before threads are started.
void commonsguard_faults_install(void);

// From now on a fault in this environment is told and marked. Returns a slot, or -1 when there are no more.
//
// directory: stays open until `unwatch`; the inodes are those of data.mdb and lock.mdb; path: for the line.
int commonsguard_faults_watch(int directory, uint64_t device, uint64_t data_inode, uint64_t lock_inode, const char *path);
void commonsguard_faults_unwatch(int slot);

// Where data.mdb of that inode is mapped in this process. Returns 0 when it is not found.
int commonsguard_find_map(uint64_t inode, uintptr_t *start, uintptr_t *end);

// For mdb_env_set_assert: LMDB calls it before it aborts.
struct MDB_env;
void commonsguard_lmdb_asserted(struct MDB_env *environment, const char *message);

// Whether this thread is inside a call of LMDB: a fault there is the state's, wherever its address lies.
extern __thread int commonsguard_lmdb_depth;
static inline void commonsguard_enter_lmdb(void) { *(volatile int *)&commonsguard_lmdb_depth += 1; }
static inline void commonsguard_leave_lmdb(void) { *(volatile int *)&commonsguard_lmdb_depth -= 1; }
#endif
