# Compiler settings shared by every target, as the interface target holdfast_flags.
set(HOLDFAST_SANITIZE "" CACHE STRING "sanitizers, as -fsanitize takes them")
option(HOLDFAST_LTO "link-time optimization" OFF)
option(HOLDFAST_HARDEN "hardening flags of the shipped program" OFF)
option(HOLDFAST_FUZZ "build the fuzzers" OFF)
option(HOLDFAST_PCH "precompiled headers: half the time of a first build" OFF)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# -O1 with the sanitizers takes three times as long to compile.
set(CMAKE_CXX_FLAGS_DEBUG "-Og -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")

find_program(HOLDFAST_CCACHE ccache)
if(HOLDFAST_CCACHE)
  # Paths relative to the tree, so that a fresh clone elsewhere is a cache hit.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${HOLDFAST_CCACHE})
endif()

add_library(holdfast_flags INTERFACE)
target_include_directories(holdfast_flags INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
target_compile_definitions(holdfast_flags INTERFACE HOLDFAST_VERSION="${PROJECT_VERSION}")
# -pthread everywhere: a precompiled header is refused where it differs.
target_compile_options(holdfast_flags INTERFACE -pthread -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                       -Woverloaded-virtual -Wvla -Wno-missing-field-initializers -Werror=return-type -fno-omit-frame-pointer
                       -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
find_program(HOLDFAST_MOLD mold)
if(HOLDFAST_MOLD AND NOT HOLDFAST_LTO)
  target_link_options(holdfast_flags INTERFACE -fuse-ld=mold)
endif()
if(HOLDFAST_SANITIZE)
  target_compile_options(holdfast_flags INTERFACE -fsanitize=${HOLDFAST_SANITIZE}
                         -fno-sanitize-recover=undefined
                         $<$<BOOL:$<TARGET_PROPERTY:HOLDFAST_TEST>>:-fno-sanitize=undefined>)
  target_link_options(holdfast_flags INTERFACE -fsanitize=${HOLDFAST_SANITIZE})
endif()
if(HOLDFAST_SANITIZE STREQUAL "thread")
  # Else libraries without TSan use our copies of the standard library's templates, which have it.
  target_link_options(holdfast_flags INTERFACE -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/local-symbols.map)
endif()
if(HOLDFAST_HARDEN)
  target_compile_options(holdfast_flags INTERFACE -fstack-protector-strong -fstack-clash-protection
                         -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS -fcf-protection=full)
  target_link_options(holdfast_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
  set(CMAKE_EXE_LINKER_FLAGS "${CMAKE_EXE_LINKER_FLAGS} -pie")
endif()
if(HOLDFAST_LTO)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()
if(HOLDFAST_FUZZ)
  target_compile_options(holdfast_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
