// What an API server has made of an object that was sent: the fields that it dropped or changed.
//
// Silent are: fields that only the answer has (defaults, what admission adds); what restore/
// comparable.h leaves out (metadata that the server owns, status where it is a subresource);
// elements that are added to an array or stand in another order; null; numbers of the same value
// (1.0 and 1). Of types that are not custom resources also, because Go's types do it: empty and
// zero values that are left out, empty text that is given a default, quantities and times of the
// same value in another spelling ("1000m" and "1"), a Secret's stringData, and the author of a
// CertificateSigningRequest. docs/guide/restore.md lists them for the reader.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "restore/comparable.h"

namespace holdfast::restore {

struct AnswerRules {
  Special special = Special::kNone;
  bool custom =
      false;  // of a CustomResourceDefinition: kept as sent, but for what its schema lacks
  bool status_is_part = false;  // status is no subresource, so it was sent with the rest
};

// Fields lost at most; one more stands for all others.
inline constexpr size_t kMostLostFields = 10;

// "spec.secretRef was dropped", "spec.mode was changed"; never values. Empty: all that was sent is
// there. Both texts are one object each, in any order of keys; nothing blocks.
std::vector<std::string> LostFields(const AnswerRules& rules, std::string_view sent,
                                    std::string_view answer);
// The same of the two objects' status alone.
std::vector<std::string> LostStatusFields(const AnswerRules& rules, std::string_view sent,
                                          std::string_view answer);

// "a, b and c" of what the two above return.
std::string JoinedFields(const std::vector<std::string>& fields);

}  // namespace holdfast::restore
