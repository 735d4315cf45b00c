// What Swift sees of libcrypto: SHA-256, the random source, and wiping.
//
// SHA256_Init and its kin are deprecated in favour of EVP, whose EVP_DigestInit_ex2 allocates 112 bytes for each digest (3.0.22) and takes
// 40 ns longer: the hot path allocates nothing. They are in every libcrypto 3, only their deprecation warning is an error to us.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
