# Precompiled headers of what nearly every source includes, from libraries alone: none of ours, so that no change to the
# project rebuilds them. A source still includes what it uses: the release and fuzz builds have no precompiled headers
# and would not compile otherwise.
#
# A precompiled header fits only where the options are the same; hence one for the libraries and one for the tests.
set(HOLDFAST_PCH_STANDARD <algorithm> <charconv> <chrono> <cstring> <filesystem> <functional> <map> <memory> <mutex>
    <optional> <set> <span> <stop_token> <string> <string_view> <thread> <utility> <variant> <vector>)

# holdfast_precompiled(TARGET HEADER...): TARGET is there for its header alone.
function(holdfast_precompiled target)
  target_link_libraries(${target} PRIVATE fmt::fmt spdlog::spdlog holdfast_flags)
  target_precompile_headers(${target} PRIVATE ${HOLDFAST_PCH_STANDARD} ${ARGN})
endfunction()

# holdfast_use_precompiled(TARGET FROM): does nothing where HOLDFAST_PCH is off.
function(holdfast_use_precompiled target from)
  if(HOLDFAST_PCH)
    target_link_libraries(${target} PRIVATE fmt::fmt spdlog::spdlog)
    target_precompile_headers(${target} REUSE_FROM ${from})
  endif()
endfunction()

if(HOLDFAST_PCH)
  # The compiler takes the standard library for ours once it is precompiled, and warns falsely.
  target_compile_options(holdfast_flags INTERFACE -Wno-maybe-uninitialized)
  add_library(holdfast_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/empty.cc)
  holdfast_precompiled(holdfast_pch <fmt/format.h>)
  # A program, as tests are: it is compiled with -fPIE, not -fPIC.
  add_executable(holdfast_test_pch ${CMAKE_SOURCE_DIR}/cmake/empty.cc)
  holdfast_test_code(holdfast_test_pch)
  target_link_libraries(holdfast_test_pch PRIVATE GTest::gmock)
  holdfast_precompiled(holdfast_test_pch <fmt/format.h> <gmock/gmock.h> <gtest/gtest.h>)
endif()
