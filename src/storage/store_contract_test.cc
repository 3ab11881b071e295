// The contract's suite for the stores that need no server; see tests/storage/ for the others.
#include "storage/store_contract_for_test.h"

#include <filesystem>

#include "base/temp_folder_for_test.h"
#include "storage/flaky_store_for_test.h"
#include "storage/limit_store.h"
#include "storage/local_store.h"
#include "storage/retry_store.h"

namespace holdfast::storage {
namespace {

namespace fs = std::filesystem;

// `wrap` puts a decorator around the local store.
template <typename Wrap>
Place LocalPlace(Wrap wrap) {
  fs::path folder = TempFolderForTest();
  return {[folder, wrap] { return wrap(std::make_unique<LocalStore>(folder)); },
          [folder] { fs::remove_all(folder); }};
}

std::unique_ptr<Store> Plain(std::unique_ptr<Store> store) { return store; }

std::unique_ptr<Store> Limited(std::unique_ptr<Store> store) {
  store = std::make_unique<RateLimitStore>(std::move(store), std::make_shared<Pacer>(1e6, 10));
  return std::make_unique<BandwidthStore>(std::move(store), std::make_shared<Pacer>(1e9, 1e6));
}

RetryPolicy Quick() { return {.max_attempts = 4, .first_wait = {}, .max_wait = {}}; }

std::unique_ptr<Store> Retried(std::unique_ptr<Store> store) {
  return std::make_unique<RetryStore>(std::move(store), Quick());
}

// Two of three calls fail, reads break off, and answers of Put() and Delete() get lost.
std::unique_ptr<Store> RetriedOverFaults(std::unique_ptr<Store> store) {
  return Retried(std::make_unique<FlakyStore>(std::move(store)));
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract,
                         ::testing::Values(Factory{"Local", [] { return LocalPlace(Plain); }},
                                           Factory{"Limited", [] { return LocalPlace(Limited); }},
                                           Factory{"Retried", [] { return LocalPlace(Retried); }},
                                           Factory{"RetriedOverFaults",
                                                   [] { return LocalPlace(RetriedOverFaults); }}),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace holdfast::storage
