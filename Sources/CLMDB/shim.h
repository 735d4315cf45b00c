// What Swift sees of LMDB. Nothing is wrapped here: every call is in Sources/LMDB/.
#include <lmdb.h>
