#include <secp256k1.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_schnorrsig.h>

// secp256k1_context_static is a global pointer, which Swift 6 imports as shared mutable state: a getter is not.
static inline const secp256k1_context *commonsguard_secp256k1_static_context(void) { return secp256k1_context_static; }
