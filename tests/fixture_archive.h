// The reference operator's archives and what a restore has to make of them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "archive/entry_name.h"
#include "base/result.h"
#include "crypto/transformer.h"
#include "kube/client.h"

namespace holdfast::tests {

std::filesystem::path FixtureDir();  // tests/fixtures/reference

// Keys from encryption/<name>.yaml; none for an empty name.
crypto::Transformers FixtureKeys(const std::string& name);

struct ArchivedObject {
  archive::EntryName name;
  std::string json;  // decrypted
};
Result<std::vector<ArchivedObject>> ReadObjects(const std::filesystem::path& archive,
                                                const crypto::Transformers& keys);

// What is different by intent between the archive and a cluster that it was restored into.
struct Expectation {
  // The object is never restored: in an empty cluster it must be missing.
  bool skipped = false;
  std::string json;  // comparable form: Comparable() of it, with the special cases of spec 7.9
};
Expectation Expected(const ArchivedObject& object);

// An object's text less what differs between clusters, owner references and the status of built-in
// kinds; canonical.
std::string Comparable(const archive::EntryName& name, std::string_view object);

// Holds every object of the archive against the cluster and its owner references against the live
// owners. One line a difference. Objects that are never restored are looked at only when
// `was_empty`: then they must be missing.
std::vector<std::string> Differences(kube::Client& client,
                                     const std::vector<ArchivedObject>& objects, bool was_empty);

// Lines of a .jsonl or .jsonl.gz file of the fixtures.
std::vector<std::string> FixtureLines(const std::string& file);

}  // namespace holdfast::tests
