# holdfast_kube_schema(): the library kube_schema, tables of Kubernetes' built-in types. Their sources
# come from the Go module proxy, pinned by schema/go.mod and go.sum, into Go's module cache.
find_program(HOLDFAST_GO go REQUIRED)

function(holdfast_kube_schema)
  set(schema ${CMAKE_SOURCE_DIR}/schema)
  set(out ${CMAKE_BINARY_DIR}/kube_schema)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${schema}/go.mod ${schema}/go.sum)
  file(MAKE_DIRECTORY ${out}/k8s.io)
  foreach(module api apimachinery)
    execute_process(COMMAND ${HOLDFAST_GO} mod download -json k8s.io/${module}
                    WORKING_DIRECTORY ${schema} OUTPUT_VARIABLE said ERROR_VARIABLE problem RESULT_VARIABLE failed)
    if(failed)
      message(FATAL_ERROR "fetching the Go module k8s.io/${module} (schema/go.mod): ${said}${problem}")
    endif()
    string(JSON folder GET "${said}" Dir)
    file(CREATE_LINK ${folder} ${out}/k8s.io/${module} SYMBOLIC)
  endforeach()
  # protoc takes the same files by the same names whatever the versions are.
  file(GLOB_RECURSE protos FOLLOW_SYMLINKS RELATIVE ${out} ${out}/k8s.io/api/*/generated.proto)
  add_custom_command(
    OUTPUT ${out}/descriptors.pb
    # Its warnings, a screen of unused imports, are not ours to mend.
    COMMAND sh -c "\"$@\" 2>protoc.log || { cat protoc.log >&2; exit 1; }" protoc ${HOLDFAST_PROTOC} -I .
            --include_imports --descriptor_set_out=descriptors.pb ${protos}
    WORKING_DIRECTORY ${out} DEPENDS ${schema}/go.sum VERBATIM)
  add_executable(kube_schema_generate ${schema}/generate.cc ${schema}/go_structs.cc)
  target_link_libraries(kube_schema_generate PRIVATE ${HOLDFAST_LIB_protobuf} Threads::Threads)
  add_custom_command(
    OUTPUT ${out}/schema_tables.cc
    COMMAND kube_schema_generate ${out}/descriptors.pb ${out} ${out}/schema_tables.cc
    DEPENDS ${out}/descriptors.pb kube_schema_generate VERBATIM)
  add_library(kube_schema STATIC ${out}/schema_tables.cc)
  target_include_directories(kube_schema PRIVATE ${CMAKE_SOURCE_DIR}/src)
  # Kubernetes' own samples of every type: tests hold our decoding against them.
  set(HOLDFAST_KUBE_SAMPLES ${out}/k8s.io/api/testdata PARENT_SCOPE)
endfunction()
