// Who holds a Lease: what the work is for, and the process that does it.
#pragma once

#include <string>
#include <string_view>

namespace holdfast::kube {

// "<purpose>:<host>/<boot>-<pid namespace>-<pid>-<start>/<random>": unique for each call, in every
// process on every machine. `purpose` is the caller's, for instance "<Restore>:<uid>"; it may hold
// colons, the rest does not. Reads /proc; where that cannot be read the middle part is "unknown".
std::string NewLeaseHolder(std::string_view purpose);

// The purpose in a holder that NewLeaseHolder() made; all of it in one that others wrote.
std::string_view PurposeOfHolder(std::string_view holder);

// Whether the process in `holder` is proven to have ended: it ran on this machine, since the same
// boot and in this process's pid namespace, and its pid is free or belongs to a process that was
// started later. False where nothing is known: another machine, another container, another format.
bool HolderHasEnded(std::string_view holder);

}  // namespace holdfast::kube
