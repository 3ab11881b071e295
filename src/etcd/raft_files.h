// The WAL and the .snap file of a member that has not started yet: the first log of its cluster.
#pragma once

#include <cstdint>
#include <string>

#include "etcd/membership.h"

namespace holdfast::etcd {

// Length of a WAL file; the bytes after FirstWal() are zero.
inline constexpr uint64_t kWalFileBytes = 64'000'000;

// The bytes at the front of 0000000000000000-0000000000000000.wal: one configuration change per
// member, all committed in term 1.
std::string FirstWal(const Membership& membership);
// The whole of 0000000000000001-<members>.snap.
std::string FirstSnap(const Membership& membership);
std::string FirstSnapName(const Membership& membership);

}  // namespace holdfast::etcd
