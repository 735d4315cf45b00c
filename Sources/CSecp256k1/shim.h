#include <stddef.h>
#include <secp256k1.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_schnorrsig.h>

// secp256k1_context_static is a global pointer, which Swift 6 imports as shared mutable state: a getter is not.
static inline const secp256k1_context *commonsguard_secp256k1_static_context(void) { return secp256k1_context_static; }

// libsecp256k1 0.2 leaves copies of a secret key on the stack. This overwrites what a call from the same function has used; it has to be a
// function of its own, with a frame where that call's was, which Swift cannot promise.
extern void explicit_bzero(void *bytes, size_t count);
__attribute__((noinline)) static void commonsguard_wipe_stack(void) {
  unsigned char used[32768];
  explicit_bzero(used, sizeof used);
}
