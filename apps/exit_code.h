#pragma once
/// What the programs tell their caller.

namespace handsel::apps {

enum ExitCode : int {
  kSuccess = 0,
  kFailure = 1,    ///< something failed at run time; the daemon does not answer
  kBadConfig = 2,  ///< the configuration has faults, or the command line
  kNoRights = 3,   ///< the process lacks a right; the message says which
};

}  // namespace handsel::apps
