// What Supervisor and testbed-reaper say to each other: one SOCK_SEQPACKET message a request, one
// an answer. A request is a letter and fields, each field ended by a zero byte.
//
//   S log argv...   start a program           answer P and the pid, or E and the reason
//   K pid signal    send a signal             answer . (also when it has ended)
//   W pid           has it ended?             answer R while it runs, else X and how
//   Q               kill all, tidy up, end    answer . when all is done
#pragma once

#include <cstddef>

namespace holdfast::testbed {

inline constexpr char kSpawn = 'S';
inline constexpr char kSignal = 'K';
inline constexpr char kWait = 'W';
inline constexpr char kQuit = 'Q';
inline constexpr char kStarted = 'P';
inline constexpr char kFailed = 'E';
inline constexpr char kDone = '.';
inline constexpr char kRunning = 'R';
inline constexpr char kEnded = 'X';
inline constexpr size_t kMaxMessage = 128 * 1024;

}  // namespace holdfast::testbed
